import { serveParent } from './process-link.ts';
import { TokenServer } from './token-server.ts';

serveParent(new TokenServer());
