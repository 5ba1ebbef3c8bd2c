import { startCluster } from '@a2a-aws/local';

/** A process that starts a cluster, tells of it, and never stops it. */
const executor = new URL('greeting-agent.ts', import.meta.url);
const { url, instances, aws } = await startCluster({ executor, instances: 2 });
const servers = instances.map((instance) => ({ url: instance.url, pid: instance.pid }));
process.stdout.write(`${JSON.stringify({ url, servers, env: aws.env })}\n`);
