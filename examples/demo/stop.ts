import type { Cluster, ClusterInstance } from '@a2a-aws/local';
import { listReach } from './leftovers.ts';
import { seconds, type Transcript } from './transcript.ts';

/** Stops a cluster whose `living` instances still run. The transcript gets the leftovers in AWS. */
export async function stopServers(
  cluster: Cluster,
  living: readonly ClusterInstance[],
  transcript: Transcript,
): Promise<void> {
  const started = Date.now();
  await cluster.stop();
  const took = Date.now() - started;
  const codes = await Promise.all(living.map((instance) => instance.exited));
  const { queues, subscribed } = await listReach(cluster.aws);
  const names = living.map(({ name }) => name).join(', ');
  transcript.fact(
    `SIGTERM to ${names}: exit code ${[...new Set(codes)].join(', ')} after ${seconds(took)}; ` +
      `${queues.length} queues, ${subscribed.length} subscriptions left`,
    ['exit codes', codes, codes.map(() => 0)],
    ['queues', queues, []],
    ['subscriptions', subscribed, []],
  );
}
