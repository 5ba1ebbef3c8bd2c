import { type Cluster, type LocalAws, startCluster } from '@a2a-aws/local';
import type { LeaseSettings } from 'a2a-aws';
import type { DemoOptions } from './demo-options.ts';
import { reachOf } from './leftovers.ts';
import { seconds, type Transcript } from './transcript.ts';

/** Short, so that a crash is noticed within seconds, but longer than a busy machine pauses. */
const LEASE: LeaseSettings = { beatMs: 500, leaseMs: 4_000, quarantineMs: 3_000 };

/** The module of the demo's own agent. */
const COUNTING_AGENT = new URL('./counting-executor.ts', import.meta.url);

/** Starts the servers. The transcript gets their queues and subscriptions. */
export async function startServers(
  { instances, port, executor }: DemoOptions,
  aws: LocalAws,
  transcript: Transcript,
): Promise<Cluster> {
  const started = Date.now();
  const cluster = await startCluster({
    instances,
    port,
    executor: executor ?? COUNTING_AGENT,
    aws,
    lease: LEASE,
  });
  const took = Date.now() - started;
  const names = cluster.instances.map(({ name }) => name).join(', ');
  const { queues, subscribed } = await reachOf(instances, aws);
  transcript.fact(
    `servers ${names} behind ${cluster.url} after ${seconds(took)}: ` +
      `${queues.length} queues, ${subscribed.length} subscriptions`,
    ['queues', queues.length, instances],
    ['subscriptions', subscribed.length, instances],
  );
  return cluster;
}
