import { InstanceServer } from './instance-server.ts';
import { serveParent } from './process-link.ts';

serveParent(new InstanceServer());
