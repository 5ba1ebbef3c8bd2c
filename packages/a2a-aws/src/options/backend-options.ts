import type { Clock, Compression, Entropy, LeaseSettings, LogLevel, LogSink } from '@a2a-aws/core';
import type { OwnerResolver } from '@a2a-js/sdk/server';
import type { OverloadLimits } from '../overload/overload.ts';
import type { PushOptions } from '../pushes/push-settings.ts';
import type { RetryDetection } from '../runs/retry-detection.ts';
import type { OnError } from '../user-code/user-error-reports.ts';
import type { BackendClients, ClientConfig } from './aws-clients.ts';
import type { FanoutChoice } from './fanout-option.ts';
import type { InstanceEnvironment } from './instance-name.ts';

/** The options of {@link createBackend}. Each has a default. */
export interface BackendOptions {
  /** @default the environment's `A2A_TABLE_NAME` */
  readonly tableName?: string | undefined;
  /**
   * The topic of the doorbells, or several topics that share the instances. One topic takes 200
   * instances by default, or 100 if deployments run at 200 %. Topics may be added at the end of the list
   * while the fleet runs.
   * @default the environment's `A2A_TOPIC_ARN`; several are separated by commas
   */
  readonly topicArn?: string | readonly string[] | undefined;
  /**
   * How instances notify each other of new events; the same for the whole fleet. `sns`: through a topic
   * and one queue per instance. `direct`: by sending to each other's queues. `polling`: by reading only
   * the table, which adds up to a second. Or a `Fanout` of your own.
   * @default the environment's `A2A_FANOUT`, or `sns`
   */
  readonly fanout?: FanoutChoice | undefined;
  /** False: doorbells name the place of an event in the log, and never carry its content. @default true */
  readonly inlineContent?: boolean | undefined;
  /**
   * The start of every partition key and queue name, so that several agents can share a table and a
   * topic. 1 to 32 of `[A-Za-z0-9_-]`.
   * @default the environment's `A2A_PREFIX`, or `a2a`
   */
  readonly prefix?: string | undefined;
  /**
   * The name of this process in rows, queue names and log lines; each start appends a fresh nonce. A
   * domain is cut off, characters other than `[A-Za-z0-9_-]` become `-`, and a name of more than 20
   * characters keeps its first 12 and last 7.
   * @default the task's id on Fargate, elsewhere the host name
   */
  readonly instanceId?: string | undefined;
  /** Clients to use instead of those made from `clientConfig`. */
  readonly clients?: Partial<BackendClients> | undefined;
  /** Region, credentials and endpoints. @default those that the AWS SDK finds in the environment */
  readonly clientConfig?: ClientConfig | undefined;
  /**
   * The destination of log lines: `console`, a winston, Powertools or pino logger, or one of your own.
   * @default JSON lines on stderr
   */
  readonly logger?: LogSink | undefined;
  /**
   * `lifecycle` logs warnings, errors, and info lines about the instance, but not about each run.
   * @default the environment's `A2A_LOG_LEVEL`, or `lifecycle`; all lines for a logger that has levels
   */
  readonly logLevel?: LogLevel | undefined;
  /**
   * Called with each error that your code throws, and with the place: the executor, `ownerResolver`, the
   * push store or sender, the card functions, or a fan-out of your own. Without it, the error's name and
   * stack frames are logged.
   */
  readonly onError?: OnError | undefined;
  /**
   * True to log the messages of such errors as well; they may hold content.
   * @default true, unless the environment's `NODE_ENV` is `production`
   */
  readonly logErrorMessages?: boolean | undefined;
  /**
   * Returns the owner of a request, which sees this owner's tasks only.
   * @default the SDK's: the authenticated user's name
   */
  readonly ownerResolver?: OwnerResolver | undefined;
  /**
   * How often instances renew their leases, and when others declare them dead.
   * @default renewed every 5 s, dead after 20 s, cleaned up again after 30 s
   */
  readonly lease?: Partial<LeaseSettings> | undefined;
  /**
   * How long a task stays visible after it ended or was last worked on, in milliseconds. At least a
   * day.
   * @default 30 days
   */
  readonly retentionMs?: number | undefined;
  /**
   * The number of index partitions over which an owner's tasks are spread, 1 to 64. The same on all
   * instances. It may grow, but must not shrink: see `DynamoDBStorageOptions`.
   * @default 4
   */
  readonly ownerShards?: number | undefined;
  /**
   * How long events that only show progress wait at most for others, so that they share one record and
   * cost less; milliseconds. Instances under little load wait hardly at all. 0: no event waits.
   * @default 250
   */
  readonly maxRecordDelayMs?: number | undefined;
  /**
   * How much work an instance may have before it refuses new runs with HTTP 503 and Retry-After.
   * @default 1 s lag of the event loop, 98 % of 3 s busy, 5,000 open runs, 32 starts at once, a wait of 10 s for a start
   */
  readonly overload?: Partial<OverloadLimits> | undefined;
  /** How long CancelTask waits for the executor, in milliseconds. @default 10,000 */
  readonly cancelDeadlineMs?: number | undefined;
  /**
   * Which messages count as retries of an earlier one with the same id and content, and start no new
   * run. `always`: all of them. `never`: none. `auto`: those whose id is a UUID, ULID, KSUID or nanoid,
   * and others only until the first message is answered.
   * @default `auto`
   */
  readonly retryDetection?: RetryDetection | undefined;
  /**
   * The ARN of the dead-letter queue of the instances' queues.
   * @default the environment's `A2A_DEAD_LETTER_ARN`, or none
   */
  readonly deadLetterArn?: string | undefined;
  /**
   * How push notifications are sent; the same for the whole fleet.
   * @default https only, public addresses only, unsigned, at most 10 configurations per task
   */
  readonly push?: PushOptions | undefined;
  /** Time and timers. Replace them in tests to replay a schedule. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Ids and randomness. Replace them in tests to replay a schedule. @default those of node */
  readonly entropy?: Entropy | undefined;
  /** Compression of records and snapshots. Replace it in tests to replay a schedule. @default node's zlib */
  readonly compression?: Compression | undefined;
}

/** The environment variables that stand in for options that are not given. */
export interface BackendEnvironment extends InstanceEnvironment {
  readonly A2A_TABLE_NAME?: string | undefined;
  readonly A2A_TOPIC_ARN?: string | undefined;
  readonly A2A_PREFIX?: string | undefined;
  readonly A2A_FANOUT?: string | undefined;
  readonly A2A_LOG_LEVEL?: string | undefined;
  readonly NODE_ENV?: string | undefined;
  readonly A2A_DEAD_LETTER_ARN?: string | undefined;
  readonly AWS_REGION?: string | undefined;
}
