import { LoadServer } from './load-server.ts';
import { serveParent } from './process-link.ts';

serveParent(new LoadServer());
