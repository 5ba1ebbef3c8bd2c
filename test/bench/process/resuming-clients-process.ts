import { serveParent } from './process-link.ts';
import { ResumingClients } from './resuming-clients.ts';

serveParent(new ResumingClients());
