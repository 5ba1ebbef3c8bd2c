import { serveParent } from './process-link.ts';
import { TokenClients } from './token-clients.ts';

serveParent(new TokenClients());
