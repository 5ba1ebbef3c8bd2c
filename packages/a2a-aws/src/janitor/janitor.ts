import { hostname } from 'node:os';
import { type OptionNames, runCleanupRound, withFields } from '@a2a-aws/core/internal';
import {
  DynamoDBInstanceRegistry,
  DynamoDBLogStorage,
  DynamoDBPushLedger,
  DynamoDBPushNotificationStore,
} from '@a2a-aws/dynamodb';
import { QueueSweep, queueName } from '@a2a-aws/sns-sqs';
import { type PushNotificationStore, resolveUserScope } from '@a2a-js/sdk/server';
import { type AwsCalls, withCalls } from '../options/aws-calls.ts';
import { resolveClients } from '../options/aws-clients.ts';
import type { BackendOptions } from '../options/backend-options.ts';
import { makeFanout } from '../options/create-fanout.ts';
import { assertOptions } from '../options/option-check.ts';
import { resolveOptions } from '../options/options.ts';
import { WebhookTransport } from '../pushes/webhook-transport.ts';
import { Webhooks } from '../pushes/webhooks.ts';
import { withRecordedOwners } from '../user-code/owners-context.ts';
import { VERSION } from '../version.ts';

/** The backend's options that concern a janitor. Give it the same values as the servers. */
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
  | 'push'
  | 'clock'
  | 'entropy'
> & {
  /** The store of push configurations, if the servers have one of their own. @default the table */
  readonly pushNotificationStore?: PushNotificationStore | undefined;
  /** The sweep ignores queues younger than this, in milliseconds. @default 10 minutes */
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
  push: true,
  pushNotificationStore: true,
  clock: true,
  entropy: true,
  minQueueAgeMs: true,
};

/** The result of a janitor's round. */
export interface JanitorReport {
  /** Dead instances that were cleaned up. */
  readonly cleaned: number;
  /** Dead instances whose cleanup was unfinished when the time was over. */
  readonly left: number;
  /** Removed queues and subscriptions without a lease row. */
  readonly queues: number;
  readonly subscriptions: number;
  /** Failed steps. A later round repeats them. */
  readonly failed: number;
}

/**
 * Runs one cleanup round for a fleet that may have no live instance. It watches every lease for its
 * full duration, ends the tasks of dead instances (as FAILED, since there is no executor here),
 * delivers the push notifications that no live instance is left to deliver, then removes queues and subscriptions without a lease row. Safe beside live instances and other
 * rounds.
 *
 * Takes at least the lease time, plus the quarantine if an instance is dead. Ends early when
 * `signal` aborts.
 *
 * @throws {BackendError} `unreachable` and others if AWS cannot be reached at all.
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
  return withCalls((calls) => janitorRound(options, calls, signal));
}

/** As {@link runJanitor}. `given`: makes the attempts at webhooks, over HTTPS by default. */
export async function janitorRound(
  options: JanitorOptions,
  calls: AwsCalls,
  signal: AbortSignal,
  given?: Pick<Webhooks, 'post' | 'close'>,
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
  // Other fan-outs have no queues to sweep.
  const hasQueues = fanout === 'sns' || fanout === 'direct';
  const suspects = hasQueues ? await sweep.suspects(signal) : { queues: [], subscriptions: [] };
  const ownerResolver = withRecordedOwners(resolveUserScope);
  const webhooks = given ?? new Webhooks({ clock, settings: settings.push });
  const transport = new WebhookTransport({
    store:
      options.pushNotificationStore ??
      new DynamoDBPushNotificationStore({ ...table, ownerResolver, retentionMs }),
    webhooks,
    retryForMs: settings.push.retryForMs,
    leaves: 'senders',
  });
  const pushes = {
    ledger: new DynamoDBPushLedger({ ...table, retentionMs }),
    transport: () => transport,
  };
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
      pushes,
    },
    signal,
  );
  webhooks.close();
  const swept = await sweep.remove(suspects, signal);
  return { ...swept, cleaned, left, failed: failed + swept.failed };
}
