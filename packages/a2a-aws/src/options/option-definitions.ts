import { hostname } from 'node:os';
import {
  type Clock,
  type Compression,
  DEFAULT_LEASE_SETTINGS,
  DEFAULT_RETENTION_MS,
  type Entropy,
  type LeaseSettings,
  type LogSink,
  systemClock,
  systemEntropy,
} from '@a2a-aws/core';
import {
  DEFAULT_CANCEL_DEADLINE_MS,
  DEFAULT_MAX_RECORD_DELAY_MS,
  LOG_LEVELS,
  MIN_RETENTION_MS,
  type OptionNames,
  systemCompression,
} from '@a2a-aws/core/internal';
import { MAX_OWNER_SHARDS } from '@a2a-aws/dynamodb';
import { type OwnerResolver, resolveUserScope } from '@a2a-js/sdk/server';
import * as z from 'zod';
import { defaultLevel } from '../logging/sinks.ts';
import { DEFAULT_OVERLOAD_LIMITS, type OverloadLimits } from '../overload/overload.ts';
import { isPushOptions, PUSH_RULE, type PushOptions } from '../pushes/push-settings.ts';
import { RETRY_DETECTIONS } from '../runs/retry-detection.ts';
import type { OnError } from '../user-code/user-error-reports.ts';
import type { BackendClients, ClientConfig } from './aws-clients.ts';
import type { BackendEnvironment, BackendOptions } from './backend-options.ts';
import { FANOUT_NAMES, type FanoutChoice } from './fanout-option.ts';
import { hostName, instanceName } from './instance-name.ts';
import { anyFunction, anyObject, having, type OptionDefinitions } from './option-definition.ts';

/** Options that have no default, and need none. */
type Undefaulted = 'logger' | 'onError' | 'ownerShards' | 'deadLetterArn';

/** The options with their defaults filled in. */
export type OptionValues = Pick<BackendOptions, Undefaulted> & {
  readonly [Name in Exclude<keyof BackendOptions, Undefaulted>]-?: Exclude<
    BackendOptions[Name],
    undefined
  >;
};

/** A longer delay would save next to nothing. */
const MAX_RECORD_DELAY_MS = 1_000;

const milliseconds = z.number().int().positive();
const topicArn = z.string().regex(/^arn:[^:]+:sns:[^:]+:\d{12}:[A-Za-z0-9_-]+(?:\.fifo)?$/);
const client = having('send').optional();
const clients = z.strictObject({
  dynamodb: client,
  control: client,
  sns: client,
  sqs: client,
  polling: client,
});
const lease = z
  .strictObject({ beatMs: milliseconds, leaseMs: milliseconds, quarantineMs: milliseconds })
  .refine(({ leaseMs, beatMs }) => leaseMs >= 2 * beatMs);

const overload = z.strictObject({
  maxLagMs: milliseconds,
  maxBusyShare: z.number().positive(),
  maxRuns: z.number().int().positive(),
  maxStarts: z.number().int().positive(),
  maxWaitMs: milliseconds,
});

/** Everything about each option but its documentation, which {@link BackendOptions} holds. */
export const OPTIONS: OptionDefinitions<OptionValues, BackendEnvironment, BackendOptions> = {
  tableName: {
    env: 'A2A_TABLE_NAME',
    schema: z
      .string()
      .regex(/^(?:arn:[^:\s]+:dynamodb:[^:\s]+:\d{12}:table\/)?[A-Za-z0-9_.-]{3,255}$/),
    rule: 'is the name or the ARN of a table',
  },
  topicArn: {
    env: 'A2A_TOPIC_ARN',
    parse: (text) => text.split(',').map((arn) => arn.trim()),
    default: () => [],
    schema: z.union([topicArn, z.array(topicArn)]),
    rule: 'is the ARN of a topic of SNS, or several',
  },
  fanout: {
    env: 'A2A_FANOUT',
    default: () => 'sns',
    schema: z.union([z.enum(FANOUT_NAMES), anyObject<Exclude<FanoutChoice, string>>()]),
    rule: 'is sns, direct, polling, or a Fanout',
  },
  inlineContent: { default: () => true, schema: z.boolean(), rule: 'is true or false' },
  prefix: {
    env: 'A2A_PREFIX',
    default: () => 'a2a',
    schema: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/),
    rule: 'is 1 to 32 of A-Z, a-z, 0-9, _ and -',
  },
  instanceId: {
    // A host name may have neither letters nor digits.
    default: (env) => instanceName(hostName(env, hostname())) || 'i',
    schema: z.string().refine((name) => instanceName(name) !== ''),
    rule: 'is a text with a letter or a digit',
  },
  clients: {
    default: () => ({}),
    schema: z.custom<Partial<BackendClients>>((value) => clients.safeParse(value).success),
    rule: 'are dynamodb, control, sns, sqs and polling, clients of the AWS SDK',
  },
  clientConfig: {
    default: () => ({}),
    schema: anyObject<ClientConfig>(),
    rule: 'is an object',
  },
  logger: {
    schema: having<LogSink>('debug', 'info', 'warn', 'error').optional(),
    rule: 'has debug, info, warn and error',
  },
  logLevel: {
    env: 'A2A_LOG_LEVEL',
    default: (_, { logger }) => defaultLevel(logger),
    schema: z.enum(LOG_LEVELS),
    rule: `is one of ${LOG_LEVELS.join(', ')}`,
  },
  onError: { schema: anyFunction<OnError>().optional(), rule: 'is a function' },
  logErrorMessages: {
    default: ({ NODE_ENV }) => NODE_ENV !== 'production',
    schema: z.boolean(),
    rule: 'is true or false',
  },
  ownerResolver: {
    default: () => resolveUserScope,
    schema: anyFunction<OwnerResolver>(),
    rule: 'is a function',
  },
  lease: {
    default: () => DEFAULT_LEASE_SETTINGS,
    schema: z.custom<Partial<LeaseSettings>>(
      (value) => lease.safeParse({ ...DEFAULT_LEASE_SETTINGS, ...Object(value) }).success,
    ),
    rule: 'has beatMs, leaseMs (twice beatMs or more) and quarantineMs, whole numbers above 0',
  },
  retentionMs: {
    default: () => DEFAULT_RETENTION_MS,
    schema: milliseconds.min(MIN_RETENTION_MS),
    rule: `is a whole number from ${MIN_RETENTION_MS} (a day)`,
  },
  ownerShards: {
    schema: z.number().int().min(1).max(MAX_OWNER_SHARDS).optional(),
    rule: `is a whole number from 1 to ${MAX_OWNER_SHARDS}`,
  },
  maxRecordDelayMs: {
    default: () => DEFAULT_MAX_RECORD_DELAY_MS,
    schema: z.number().int().min(0).max(MAX_RECORD_DELAY_MS),
    rule: `is a whole number from 0 to ${MAX_RECORD_DELAY_MS}`,
  },
  overload: {
    default: () => DEFAULT_OVERLOAD_LIMITS,
    schema: z.custom<Partial<OverloadLimits>>(
      (value) => overload.safeParse({ ...DEFAULT_OVERLOAD_LIMITS, ...Object(value) }).success,
    ),
    rule: 'has maxLagMs, maxRuns, maxStarts and maxWaitMs, whole numbers above 0, and maxBusyShare, a number above 0',
  },
  cancelDeadlineMs: {
    default: () => DEFAULT_CANCEL_DEADLINE_MS,
    schema: milliseconds,
    rule: 'is a whole number above 0',
  },
  retryDetection: {
    default: () => 'auto',
    schema: z.enum(RETRY_DETECTIONS),
    rule: 'is always, auto or never',
  },
  deadLetterArn: {
    env: 'A2A_DEAD_LETTER_ARN',
    schema: z
      .string()
      .regex(/^arn:[^:]+:sqs:[^:]+:\d{12}:[^:]+$/)
      .optional(),
    rule: 'is the ARN of a queue of SQS',
  },
  push: { default: () => ({}), schema: z.custom<PushOptions>(isPushOptions), rule: PUSH_RULE },
  clock: {
    default: () => systemClock,
    schema: having<Clock>('now', 'after'),
    rule: 'has now and after',
  },
  entropy: {
    default: () => systemEntropy,
    schema: having<Entropy>('id', 'random'),
    rule: 'has id and random',
  },
  compression: {
    default: () => systemCompression,
    schema: having<Compression>('deflate', 'inflate', 'deflateSync', 'inflateSync'),
    rule: 'has deflate, inflate, deflateSync and inflateSync',
  },
};

/** The definitions for a fleet whose instances reach each other over a topic. */
export const OPTIONS_WITH_TOPIC: typeof OPTIONS = {
  ...OPTIONS,
  topicArn: { ...OPTIONS.topicArn, schema: z.union([topicArn, z.array(topicArn).min(1)]) },
};

/** The parts of `clientConfig` that have a rule of their own. */
export const CLIENT_CONFIG: OptionDefinitions<
  { readonly 'clientConfig.region': unknown; readonly 'clientConfig.credentials': unknown },
  { readonly AWS_REGION?: string | undefined },
  ClientConfig
> = {
  'clientConfig.region': {
    env: 'AWS_REGION',
    schema: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,62}$/)
      .optional(),
    rule: 'is the name of a region, such as eu-west-1',
  },
  'clientConfig.credentials': {
    schema: z.union([anyFunction(), z.looseObject({ accessKeyId: z.string() })]).optional(),
    rule: 'are credentials of AWS, or a function that returns them',
  },
};

/** The names of all options. */
export const BACKEND_OPTIONS: OptionNames<BackendOptions> = Object.fromEntries(
  Object.keys(OPTIONS).map((name) => [name, true]),
) as OptionNames<BackendOptions>;
