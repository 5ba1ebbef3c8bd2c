import { hostname } from 'node:os';
import { type OptionNames, runCleanupRound, withFields } from '@a2a-aws/core';
import { DynamoDBInstanceRegistry, DynamoDBLogStorage } from '@a2a-aws/dynamodb';
import { QueueSweep, queueName } from '@a2a-aws/sns-sqs';
import { type AwsCalls, withCalls } from '../options/aws-calls.ts';
import { resolveClients } from '../options/aws-clients.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { makeFanout } from '../options/create-fanout.ts';
import { assertOptions } from '../options/option-check.ts';
import { resolveOptions } from '../options/options.ts';
import { VERSION } from '../version.ts';

/** Of the backend's options those that concern a janitor; give it the same as the servers. */
export type JanitorOptions = Pick<
  BackendOptions,
  | 'tableName'
  | 'topicArn'
  | 'fanout'
  | 'prefix'
  | 'clients'
  | 'clientConfig'
  | 'logger'
  | 'lease'
  | 'retentionMs'
  | 'clock'
  | 'entropy'
> & {
  /** Queues younger than this are left alone by the sweep, in milliseconds. @default 10 minutes */
  readonly minQueueAgeMs?: number | undefined;
};

const OPTIONS: OptionNames<JanitorOptions> = {
  tableName: true,
  topicArn: true,
  fanout: true,
  prefix: true,
  clients: true,
  clientConfig: true,
  logger: true,
  lease: true,
  retentionMs: true,
  clock: true,
  entropy: true,
  minQueueAgeMs: true,
};

/** What a round of a janitor came to. */
export interface JanitorReport {
  /** Dead instances that it has cleaned up after. */
  readonly cleaned: number;
  /** Dead instances that it was still busy with when its time was over. */
  readonly left: number;
  /** Queues, and subscriptions, that no lease row told of any more. */
  readonly queues: number;
  readonly subscriptions: number;
  /** What it could not do: a later round tries again. */
  readonly failed: number;
}

/**
 * One round of cleaning up for a fleet of which nobody may be alive: watches every lease for its whole
 * time, ends what the dead left (FAILED: there is no executor here), then removes queues and
 * subscriptions that have no lease row. Safe beside living instances and other rounds.
 *
 * Takes at least the lease time; with somebody dead, the quarantine besides. Ends early when `signal`
 * aborts. Rejects with a coded error if AWS could not be asked at all.
 *
 * @example
 * ```ts
 * import { runJanitor } from 'a2a-aws';
 *
 * const { cleaned, failed } = await runJanitor({}, AbortSignal.timeout(240_000));
 * console.log(`cleaned up after ${cleaned} instances; ${failed} calls failed`);
 * ```
 */
export async function runJanitor(
  options: JanitorOptions = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<JanitorReport> {
  assertOptions('runJanitor', options, OPTIONS);
  return withCalls((calls) => round(options, calls, signal));
}

async function round(
  options: JanitorOptions,
  calls: AwsCalls,
  signal: AbortSignal,
): Promise<JanitorReport> {
  const resolved = resolveOptions(options, process.env);
  const id = `janitor-${resolved.entropy.id()}`;
  const logger = withFields(resolved.logger, { instance: id });
  const settings = { ...resolved, logger };
  const { tableName, fanout, topicArns, prefix, lease, retentionMs, clock, entropy } = settings;
  const clients = resolveClients(settings.clients, settings.clientConfig, calls);
  const table = { client: clients.dynamodb, tableName, prefix };
  const registry = new DynamoDBInstanceRegistry({ ...table, logger });
  const sweep = new QueueSweep({
    ...clients,
    topicArns: fanout === 'sns' ? topicArns : [],
    prefix,
    table: await registry.identity(),
    clock,
    entropy,
    logger,
    minAgeMs: options.minQueueAgeMs,
    hasLease: async (instance) => (await registry.lease(instance)) !== undefined,
  });
  // Where instances have no queues of ours there is nothing to sweep.
  const hasQueues = fanout === 'sns' || fanout === 'direct';
  const suspects = hasQueues ? await sweep.suspects(signal) : { queues: [], subscriptions: [] };
  const { cleaned, failed, left } = await runCleanupRound(
    {
      id,
      queueName: queueName(prefix, id),
      host: hostname(),
      version: VERSION,
      storage: new DynamoDBLogStorage({ ...table, retentionMs }),
      registry,
      fanout: makeFanout(settings, clients, registry),
      clock,
      entropy,
      logger,
      settings: lease,
      retentionMs,
    },
    signal,
  );
  const swept = await sweep.remove(suspects, signal);
  return { ...swept, cleaned, left, failed: failed + swept.failed };
}
