import { OverloadingClients } from './overloading-clients.ts';
import { serveParent } from './process-link.ts';

serveParent(new OverloadingClients());
