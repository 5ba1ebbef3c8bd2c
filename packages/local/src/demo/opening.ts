import { extname } from 'node:path';
import { type LeaseSettings, systemClock } from '@a2a-aws/core';
import type { LocalAws } from '../aws/local-aws.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import type { DemoOptions } from './demo-options.ts';
import { reachOf } from './leftovers.ts';
import { seconds, type Transcript } from './transcript.ts';

/** Short, so that a crash is noticed while one looks on. */
const LEASE: LeaseSettings = { beatMs: 500, leaseMs: 2_000, quarantineMs: 3_000 };

/** The module of the demo's own agent. */
const COUNTING_AGENT: URL = new URL(
  `./counting-executor${extname(import.meta.url)}`,
  import.meta.url,
);

/** Starts the servers, and states what they have made in AWS. */
export async function open(
  { instances, port, executor }: DemoOptions,
  aws: LocalAws,
  transcript: Transcript,
): Promise<Cluster> {
  const started = systemClock.now();
  const cluster = await startCluster({
    instances,
    port,
    executor: executor ?? COUNTING_AGENT,
    aws,
    lease: LEASE,
  });
  const took = systemClock.now() - started;
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
