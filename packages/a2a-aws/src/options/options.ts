import { hostname } from 'node:os';
import {
  BackendError,
  type Clock,
  type Compression,
  DEFAULT_CANCEL_DEADLINE_MS,
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  type Entropy,
  type LeaseSettings,
  LOG_LEVELS,
  type Logger,
  type LogLevel,
  type LogSink,
  MIN_RETENTION_MS,
  type OptionNames,
  rootLogger,
  systemClock,
  systemCompression,
  systemEntropy,
} from '@a2a-aws/core';
import { MAX_OWNER_SHARDS } from '@a2a-aws/dynamodb';
import { type OwnerResolver, resolveUserScope } from '@a2a-js/sdk/server';
import { z } from 'zod';
import { defaultLevel, sinkOf } from '../logging/sinks.ts';
import { withRecordedOwners } from '../runs/recorded-request.ts';
import { RETRY_DETECTIONS, type RetryDetection } from '../runs/retry-detection.ts';
import { guarded } from '../user-code/guarded.ts';
import type { OnError } from '../user-code/user-errors.ts';
import {
  assertClientConfig,
  assertEndpoints,
  type BackendClients,
  type ClientConfig,
  type EndpointEnvironment,
  givenRegion,
} from './aws-clients.ts';
import { FANOUT_NAMES, type FanoutChoice } from './fanout-option.ts';
import { hostName, type InstanceEnvironment, instanceName } from './instance-name.ts';

/** All of {@link createBackend}'s options; each has a default. */
export interface BackendOptions {
  /** @default the environment's `A2A_TABLE_NAME` */
  readonly tableName?: string | undefined;
  /**
   * The topic of the doorbells, or several topics, among which the instances are divided: one takes
   * 200 instances by default; 100, if deployments run at 200 %. More may be added at the end while the fleet runs.
   * @default the environment's `A2A_TOPIC_ARN`; several are separated by commas
   */
  readonly topicArn?: string | readonly string[] | undefined;
  /**
   * How instances reach each other, the same for all of a fleet: `sns`, over a topic and a queue per
   * instance; `direct`, into each other's queues; `polling`, by reading the table alone, at the cost
   * of up to a second; or one of your own.
   * @default the environment's `A2A_FANOUT`, or `sns`
   */
  readonly fanout?: FanoutChoice | undefined;
  /** False: what instances tell each other says where an event is, never what is in it. @default true */
  readonly inlineContent?: boolean | undefined;
  /**
   * Begins every partition key and queue name, so that several agents share a table and a topic.
   * 1 to 32 of `[A-Za-z0-9_-]`.
   * @default the environment's `A2A_PREFIX`, or `a2a`
   */
  readonly prefix?: string | undefined;
  /**
   * A name for this process in rows, queue names and log lines; a fresh nonce is added at each start.
   * Its host's domain is cut off, characters other than `[A-Za-z0-9_-]` become `-`, and a name of
   * more than 20 keeps its first 12 and last 7 characters.
   * @default the task's id on Fargate, elsewhere the host name
   */
  readonly instanceId?: string | undefined;
  /** Ready-made clients instead of those made from `clientConfig`. */
  readonly clients?: Partial<BackendClients> | undefined;
  /** Region, credentials, endpoints. @default what the AWS SDK finds in the environment */
  readonly clientConfig?: ClientConfig | undefined;
  /**
   * Where log lines go: `console`, or a logger of winston, of Powertools, of pino, or of your own.
   * @default JSON lines on stderr
   */
  readonly logger?: LogSink | undefined;
  /**
   * `lifecycle`: warnings, errors, and info lines about the instance, but not about each run.
   * @default the environment's `A2A_LOG_LEVEL`, or `lifecycle`; every line for a logger that has levels
   */
  readonly logLevel?: LogLevel | undefined;
  /**
   * Called with what the executor, `ownerResolver`, push store or sender, card functions or a fan-out
   * of your own threw, and where. Without it, name and stack frames are logged.
   */
  readonly onError?: OnError | undefined;
  /**
   * True to log also the messages of such errors, which may hold content.
   * @default true, unless the environment's `NODE_ENV` is `production`
   */
  readonly logErrorMessages?: boolean | undefined;
  /** Whose tasks a request may see. @default the SDK's: the authenticated user's name */
  readonly ownerResolver?: OwnerResolver | undefined;
  /** How instances live and die. @default beat 5 s, dead after 20 s */
  readonly lease?: Partial<LeaseSettings> | undefined;
  /**
   * How long a task stays visible after it ended or was last worked on, in milliseconds; at least a
   * day.
   * @default 30 days
   */
  readonly retentionMs?: number | undefined;
  /**
   * Over how many partitions of the index an owner's tasks are spread, 1 to 64. The same on all
   * instances; it may grow, but must not shrink: see `DynamoDBStorageOptions`.
   * @default 4
   */
  readonly ownerShards?: number | undefined;
  /** How long CancelTask waits for the executor, in milliseconds. @default 10,000 */
  readonly cancelDeadlineMs?: number | undefined;
  /**
   * Which messages are taken for one that was sent before, and start nothing again: `always` those
   * with its id and content; `never` any; `auto` those whose id is a UUID, ULID, KSUID or nanoid,
   * and any other only until the first one is answered.
   * @default `auto`
   */
  readonly retryDetection?: RetryDetection | undefined;
  /** The dead-letter queue of the instances' queues. @default the environment's `A2A_DEAD_LETTER_ARN`, or none */
  readonly deadLetterArn?: string | undefined;
  /** Time and timers: another clock replays a schedule in a test. @default this machine's */
  readonly clock?: Clock | undefined;
  /** Ids and randomness, likewise. @default this machine's */
  readonly entropy?: Entropy | undefined;
  /** Deflate and inflate, likewise. @default node's zlib */
  readonly compression?: Compression | undefined;
}

/** Where options are looked for that are not given. */
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

/** The names of all options. */
export const BACKEND_OPTIONS: OptionNames<BackendOptions> = {
  tableName: true,
  topicArn: true,
  fanout: true,
  inlineContent: true,
  prefix: true,
  instanceId: true,
  clients: true,
  clientConfig: true,
  logger: true,
  logLevel: true,
  onError: true,
  logErrorMessages: true,
  ownerResolver: true,
  lease: true,
  retentionMs: true,
  ownerShards: true,
  cancelDeadlineMs: true,
  retryDetection: true,
  deadLetterArn: true,
  clock: true,
  entropy: true,
  compression: true,
};

/** The options with their defaults. */
export interface BackendSettings {
  readonly tableName: string;
  readonly topicArns: readonly string[];
  readonly fanout: FanoutChoice;
  readonly inlineContent: boolean;
  readonly prefix: string;
  readonly instanceName: string;
  /** The host in this instance's lease row. @default the host's name */
  readonly host?: string | undefined;
  readonly clients: Partial<BackendClients>;
  readonly clientConfig: ClientConfig;
  readonly logger: Logger;
  readonly onError?: OnError | undefined;
  readonly logErrorMessages: boolean;
  readonly ownerResolver: OwnerResolver;
  readonly lease: LeaseSettings;
  readonly cancelDeadlineMs: number;
  readonly retryDetection: RetryDetection;
  readonly retentionMs: number;
  readonly ownerShards?: number | undefined;
  readonly deadLetterArn?: string | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly compression: Compression;
}

const milliseconds = z.number().int().positive();

const isFunction = (value: unknown): boolean => typeof value === 'function';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** An object with these methods; what they do is up to whoever gives it. */
const having = (...methods: readonly string[]) =>
  z.custom((value) => {
    const found = isObject(value) ? (value as Readonly<Record<string, unknown>>) : {};
    return methods.every((method) => typeof found[method] === 'function');
  });

const client = having('send').optional();

const checked = z.object({
  tableName: z
    .string()
    .regex(/^(?:arn:[^:\s]+:dynamodb:[^:\s]+:\d{12}:table\/)?[A-Za-z0-9_.-]{3,255}$/),
  topicArns: z.array(z.string().regex(/^arn:[^:]+:sns:[^:]+:\d{12}:[A-Za-z0-9_-]+(?:\.fifo)?$/)),
  fanout: z.union([z.enum(FANOUT_NAMES), z.custom(isObject)]),
  inlineContent: z.boolean(),
  prefix: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/),
  instanceName: z.string().min(1),
  clients: z.strictObject({
    dynamodb: client,
    control: client,
    sns: client,
    sqs: client,
    polling: client,
  }),
  region: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,62}$/)
    .optional(),
  credentials: z
    .union([z.custom(isFunction), z.looseObject({ accessKeyId: z.string() })])
    .optional(),
  logger: having('debug', 'info', 'warn', 'error').optional(),
  logLevel: z.enum(LOG_LEVELS).optional(),
  onError: z.custom(isFunction).optional(),
  logErrorMessages: z.boolean(),
  ownerResolver: z.custom(isFunction),
  cancelDeadlineMs: milliseconds,
  retryDetection: z.enum(RETRY_DETECTIONS),
  retentionMs: milliseconds.min(MIN_RETENTION_MS),
  ownerShards: z.number().int().min(1).max(MAX_OWNER_SHARDS).optional(),
  lease: z
    .strictObject({ beatMs: milliseconds, leaseMs: milliseconds, quarantineMs: milliseconds })
    .refine((lease) => lease.leaseMs >= 2 * lease.beatMs),
  deadLetterArn: z
    .string()
    .regex(/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/)
    .optional(),
  clock: having('now', 'after'),
  entropy: having('id', 'random'),
  compression: having('deflate', 'inflate', 'deflateSync', 'inflateSync'),
});

const withTopic = checked.extend({ topicArns: checked.shape.topicArns.min(1) });

/** How each option is called where it is set, and what it must be. */
const RULES: Readonly<Record<keyof z.output<typeof checked>, string>> = {
  tableName: 'tableName (A2A_TABLE_NAME) is the name or the ARN of a table',
  topicArns: 'topicArn (A2A_TOPIC_ARN) is the ARN of a topic of SNS, or several',
  fanout: 'fanout (A2A_FANOUT) is sns, direct, polling, or a Fanout',
  inlineContent: 'inlineContent is true or false',
  prefix: 'prefix (A2A_PREFIX) is 1 to 32 of A-Z, a-z, 0-9, _ and -',
  instanceName: 'instanceId is a text with a letter or a digit',
  clients: 'clients are dynamodb, control, sns, sqs and polling, clients of the AWS SDK',
  region: 'clientConfig.region (AWS_REGION) is the name of a region, such as eu-west-1',
  credentials: 'clientConfig.credentials are credentials of AWS, or a function that returns them',
  logger: 'logger has debug, info, warn and error',
  logLevel: `logLevel (A2A_LOG_LEVEL) is one of ${LOG_LEVELS.join(', ')}`,
  onError: 'onError is a function',
  logErrorMessages: 'logErrorMessages is true or false',
  ownerResolver: 'ownerResolver is a function',
  cancelDeadlineMs: 'cancelDeadlineMs is a whole number above 0',
  retryDetection: 'retryDetection is always, auto or never',
  retentionMs: `retentionMs is a whole number from ${MIN_RETENTION_MS} (a day)`,
  ownerShards: `ownerShards is a whole number from 1 to ${MAX_OWNER_SHARDS}`,
  lease: 'lease has beatMs, leaseMs (twice beatMs or more) and quarantineMs, whole numbers above 0',
  deadLetterArn: 'deadLetterArn (A2A_DEAD_LETTER_ARN) is the ARN of a queue of SQS',
  clock: 'clock has now and after',
  entropy: 'entropy has id and random',
  compression: 'compression has deflate, inflate, deflateSync and inflateSync',
};

/** The variables that have a value: an empty one counts as unset, as in the AWS CLI. */
function setVariables(environment: BackendEnvironment): BackendEnvironment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
}

/**
 * Fills in the defaults; an empty variable counts as unset. Throws `configuration` naming the options
 * that are missing or malformed, and what they must be; never what they are.
 */
export function resolveOptions(
  options: BackendOptions,
  environment: BackendEnvironment & EndpointEnvironment,
): BackendSettings {
  const env = setVariables(environment);
  const { clock = systemClock, logger } = options;
  const logLevel = options.logLevel ?? env.A2A_LOG_LEVEL;
  const level = (logLevel as LogLevel | undefined) ?? defaultLevel(logger);
  const settings: BackendSettings = {
    tableName: options.tableName ?? env.A2A_TABLE_NAME ?? '',
    topicArns: [
      options.topicArn ?? env.A2A_TOPIC_ARN?.split(',').map((arn) => arn.trim()) ?? [],
    ].flat(),
    // Of the environment, any text may be; it is looked at below.
    fanout: options.fanout ?? (env.A2A_FANOUT as FanoutChoice | undefined) ?? 'sns',
    inlineContent: options.inlineContent ?? true,
    prefix: options.prefix ?? env.A2A_PREFIX ?? 'a2a',
    instanceName: nameOf(options.instanceId, env),
    clients: options.clients ?? {},
    clientConfig: options.clientConfig ?? {},
    logger: rootLogger(sinkOf(options.logger), { clock, level }),
    onError: options.onError,
    logErrorMessages: options.logErrorMessages ?? env.NODE_ENV !== 'production',
    ownerResolver: withRecordedOwners(
      guarded('ownerResolver', options.ownerResolver ?? resolveUserScope),
    ),
    lease: { ...DEFAULT_LEASE_SETTINGS, ...options.lease },
    cancelDeadlineMs: options.cancelDeadlineMs ?? DEFAULT_CANCEL_DEADLINE_MS,
    retryDetection: options.retryDetection ?? 'auto',
    retentionMs: options.retentionMs ?? DEFAULT_RETENTION_MS,
    ownerShards: options.ownerShards,
    deadLetterArn: options.deadLetterArn ?? env.A2A_DEAD_LETTER_ARN,
    clock,
    entropy: options.entropy ?? systemEntropy,
    compression: options.compression ?? systemCompression,
  };
  const needed = settings.fanout === 'sns' ? withTopic : checked;
  const { clients, clientConfig } = settings;
  assertClientConfig(clientConfig);
  assertEndpoints(clients, clientConfig, environment);
  const result = needed.safeParse({
    ...settings,
    // The resolver as it was given: around it is a function of this package.
    ownerResolver: options.ownerResolver ?? resolveUserScope,
    // The AWS SDK takes an empty variable for a region, and refuses it at the first call.
    region: givenRegion(clients, clientConfig, environment),
    credentials: clientConfig.credentials,
    logger,
    logLevel,
  });
  if (!result.success) {
    const names = new Set(result.error.issues.map(({ path }) => path[0] as keyof typeof RULES));
    throw new BackendError(
      'configuration',
      `Missing or malformed options: ${[...names].map((name) => RULES[name]).join('; ')}.`,
    );
  }
  return settings;
}

/** The empty string for a name that is refused; a machine whose name tells nothing is `i`. */
function nameOf(given: unknown, env: InstanceEnvironment): string {
  if (given === undefined) return instanceName(hostName(env, hostname())) || 'i';
  return typeof given === 'string' ? instanceName(given) : '';
}
