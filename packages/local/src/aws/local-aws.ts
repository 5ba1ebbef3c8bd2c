import { BackendError, systemEntropy } from '@a2a-aws/core';
import { assertOptionNames, type OptionNames } from '@a2a-aws/core/internal';
import { type DynamoDbEngine, startDynamoDb } from './embedded-dynamodb.ts';
import type { EmbeddedService } from './embedded-service.ts';
import { startSnsSqs } from './embedded-sns-sqs.ts';
import { CREDENTIALS, type LocalClientConfig, REGION } from './local-client-config.ts';
import { createTable, createTopic, removeResources } from './local-resources.ts';

const TABLE_NAME = 'a2a-local';
const TOPIC_NAME = 'a2a-local';

export interface LocalAwsOptions {
  /** @default dynoxide where its binary is installed, dynalite elsewhere */
  readonly dynamodb?: DynamoDbEngine;
  /**
   * An AWS that runs already, such as LocalStack at `http://127.0.0.1:4566`: nothing is started, the
   * table and the topic get fresh names, and `stop()` removes them.
   * @default an embedded one is started
   */
  readonly endpoint?: string;
}

const NAMES: OptionNames<LocalAwsOptions> = { dynamodb: true, endpoint: true };

/**
 * Environment variables that lead another process, and the AWS SDK in it, to a {@link LocalAws}. The
 * profile and the session token are emptied, so that the developer's own are not used beside these.
 */
export type LocalAwsEnv = Readonly<
  Record<
    | 'A2A_TABLE_NAME'
    | 'A2A_TOPIC_ARN'
    | 'AWS_REGION'
    | 'AWS_ACCESS_KEY_ID'
    | 'AWS_SECRET_ACCESS_KEY'
    | 'AWS_SESSION_TOKEN'
    | 'AWS_PROFILE'
    | 'AWS_ENDPOINT_URL_DYNAMODB'
    | 'AWS_ENDPOINT_URL_SNS'
    | 'AWS_ENDPOINT_URL_SQS',
    string
  >
>;

/** DynamoDB, SNS and SQS on this machine's loopback, empty but for the project's table and topic. */
export interface LocalAws {
  /** For other processes: `spawn(…, { env: { ...process.env, ...localAws.env } })`. */
  readonly env: LocalAwsEnv;
  /** For AWS SDK clients of this process. */
  readonly clientConfig: LocalClientConfig;
  readonly tableName: string;
  readonly topicArn: string;
  /**
   * Ends everything, drops the data, frees the ports. Repeated calls share one promise. This
   * process's end, of whatever kind, does the same.
   */
  stop(): Promise<void>;
}

/**
 * Starts an AWS of npm packages alone, on free ports of 127.0.0.1, with the table and the topic that
 * the CDK stack would make. Any number may run side by side; each keeps its process alive until
 * `stop()`.
 *
 * @throws BackendError `configuration` when the DynamoDB engine asked for is not installed or does
 * not run, `unreachable` when a part does not answer. Parts that had started are stopped.
 *
 * @example
 * ```ts
 * import { startLocalAws } from '@a2a-aws/local';
 * import { createBackend } from 'a2a-aws';
 *
 * const aws = await startLocalAws();
 * const backend = createBackend({ ...aws, instanceId: 'laptop' });
 * ```
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  assertOptionNames('startLocalAws', options, NAMES);
  if (options.endpoint !== undefined) return borrowAws(options.endpoint);
  const parts = await Promise.allSettled([startDynamoDb(options.dynamodb), startSnsSqs()]);
  const stop = stopOnce(parts.flatMap((part) => (part.status === 'fulfilled' ? part.value : [])));
  try {
    const dynamodb = fulfilled(parts[0]);
    const snsSqs = fulfilled(parts[1]);
    const clientConfig: LocalClientConfig = {
      region: REGION,
      credentials: CREDENTIALS,
      dynamodb: { endpoint: dynamodb.endpoint },
      sns: { endpoint: snsSqs.endpoint },
      sqs: { endpoint: snsSqs.endpoint, useQueueUrlAsEndpoint: false },
    };
    const [topicArn] = await Promise.all([
      createTopic(clientConfig, TOPIC_NAME),
      createTable(clientConfig, TABLE_NAME),
    ]);
    const env = environment(clientConfig, TABLE_NAME, topicArn);
    return { env, clientConfig, tableName: TABLE_NAME, topicArn, stop };
  } catch (cause) {
    await stop().catch(() => {});
    if (cause instanceof BackendError) throw cause;
    throw new BackendError('unreachable', 'The embedded AWS did not start.', { cause });
  }
}

/** Its own table and topic on an AWS that another program has started. */
async function borrowAws(endpoint: string): Promise<LocalAws> {
  const clientConfig: LocalClientConfig = {
    region: REGION,
    credentials: CREDENTIALS,
    dynamodb: { endpoint },
    sns: { endpoint },
    sqs: { endpoint, useQueueUrlAsEndpoint: false },
  };
  const tableName = `a2a-${systemEntropy.id()}`;
  const topicArn = await createTopic(clientConfig, tableName);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= removeResources(clientConfig, tableName, topicArn);
    return stopped;
  };
  try {
    await createTable(clientConfig, tableName);
  } catch (cause) {
    await stop().catch(() => {});
    throw new BackendError('unreachable', 'The AWS at the endpoint did not answer.', { cause });
  }
  const env = environment(clientConfig, tableName, topicArn);
  return { env, clientConfig, tableName, topicArn, stop };
}

function environment(config: LocalClientConfig, tableName: string, topicArn: string): LocalAwsEnv {
  return {
    A2A_TABLE_NAME: tableName,
    A2A_TOPIC_ARN: topicArn,
    AWS_REGION: config.region,
    AWS_ACCESS_KEY_ID: config.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: config.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: '',
    AWS_PROFILE: '',
    AWS_ENDPOINT_URL_DYNAMODB: config.dynamodb.endpoint,
    AWS_ENDPOINT_URL_SNS: config.sns.endpoint,
    AWS_ENDPOINT_URL_SQS: config.sqs.endpoint,
  };
}

function fulfilled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Stops every service, whatever the others do, and then tells of the first that failed to. */
function stopOnce(services: readonly EmbeddedService[]): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  return () => {
    stopped ??= Promise.allSettled(services.map((service) => service.stop())).then((results) => {
      results.forEach(fulfilled);
    });
    return stopped;
  };
}
