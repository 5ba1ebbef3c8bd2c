import { ConversationServer } from './conversation-server.ts';
import { serveParent } from './process-link.ts';

serveParent(new ConversationServer());
