import { BackendError } from '@a2a-aws/core';
import { assertOptionNames, type OptionNames, tracedClient } from '@a2a-aws/core/internal';
import { createDynamoDBClient, type DynamoDBClientOptions } from '@a2a-aws/dynamodb';
import { createFanoutClients, type FanoutClients } from '@a2a-aws/sns-sqs';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AwsCalls } from './aws-calls.ts';

/** The parts of the AWS clients that the backend uses. */
export interface BackendClients {
  readonly dynamodb: Pick<DynamoDBDocumentClient, 'send'>;
  /**
   * The client for heartbeats and cleanup. It has sockets of its own, so that they do not wait behind the
   * requests of A2A clients.
   * @default a client of its own; `dynamodb`, if that is given and this is not
   */
  readonly control: Pick<DynamoDBDocumentClient, 'send'>;
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** For long polls: its time-out must be longer than 20 s. */
  readonly polling: Pick<SQSClient, 'send'>;
}

/**
 * Region, credentials and endpoints. The AWS SDK takes missing ones from the environment: `AWS_REGION`,
 * credentials, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
 */
export interface ClientConfig {
  readonly region?: string | undefined;
  readonly credentials?: DynamoDBClientOptions['credentials'];
  readonly dynamodb?: { readonly endpoint?: string | undefined } | undefined;
  readonly sns?: { readonly endpoint?: string | undefined } | undefined;
  readonly sqs?: { readonly endpoint?: string | undefined } | undefined;
}

const CONFIG_NAMES: OptionNames<ClientConfig> = {
  region: true,
  credentials: true,
  dynamodb: true,
  sns: true,
  sqs: true,
};
/** `@a2a-aws/local` sets `useQueueUrlAsEndpoint`. It has no effect: clients here always use their endpoint. */
const SERVICE_NAMES = { endpoint: true, useQueueUrlAsEndpoint: true } as const;

/** Throws `configuration` if the config, or a service's part of it, has a name that is unknown. */
export function assertClientConfig(config: ClientConfig): void {
  if (Object.hasOwn(Object(config), 'endpoint')) {
    throw new BackendError(
      'configuration',
      'clientConfig has no option endpoint: each service has its own, as in clientConfig.dynamodb.endpoint.',
    );
  }
  assertOptionNames('clientConfig', config, CONFIG_NAMES);
  for (const service of ['dynamodb', 'sns', 'sqs'] as const) {
    const given = config[service];
    if (given === undefined) continue;
    assertOptionNames(`clientConfig.${service}`, given, SERVICE_NAMES);
    if (given.endpoint === undefined || isHttpUrl(given.endpoint)) continue;
    throw new BackendError(
      'configuration',
      `clientConfig.${service}.endpoint must be a URL, such as http://127.0.0.1:8000.`,
    );
  }
}

/** The variables in which the AWS SDK looks for a service's endpoint, the first that has a value. */
const ENDPOINT_VARIABLES = {
  dynamodb: ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL'],
  sns: ['AWS_ENDPOINT_URL_SNS', 'AWS_ENDPOINT_URL'],
  sqs: ['AWS_ENDPOINT_URL_SQS', 'AWS_ENDPOINT_URL'],
} as const;

/** The environment's endpoints, by the names of their variables. */
export type EndpointEnvironment = {
  readonly [Name in (typeof ENDPOINT_VARIABLES)[keyof typeof ENDPOINT_VARIABLES][number]]?:
    | string
    | undefined;
};

/**
 * Throws `configuration` if a client that must still be made would take an endpoint from the
 * environment that is no URL; the AWS SDK would fail with it at each call.
 */
export function assertEndpoints(
  given: Partial<BackendClients>,
  config: ClientConfig,
  env: EndpointEnvironment,
): void {
  const { dynamodb, sns, sqs, polling } = given;
  const isGiven = { dynamodb, sns, sqs: sqs && polling };
  for (const service of ['dynamodb', 'sns', 'sqs'] as const) {
    if (isGiven[service] || config[service]?.endpoint !== undefined) continue;
    const name = ENDPOINT_VARIABLES[service].find((variable) => env[variable]);
    if (name === undefined || isHttpUrl(env[name])) continue;
    throw new BackendError(
      'configuration',
      `${name} must be a URL, such as http://127.0.0.1:8000.`,
    );
  }
}

/** False for the empty string, too: the AWS SDK would call AWS itself. */
function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value);
}

/** The region that the AWS SDK will use, if it was given here and any client must still be made. */
export function givenRegion(
  { dynamodb, sns, sqs, polling }: Partial<BackendClients>,
  { region }: ClientConfig,
  env: { readonly AWS_REGION?: string | undefined },
): string | undefined {
  return dynamodb && sns && sqs && polling ? undefined : (region ?? env.AWS_REGION);
}

/** Returns the given clients, and creates the missing ones. Their calls are among `calls`. */
export function resolveClients(
  given: Partial<BackendClients>,
  config: ClientConfig,
  calls: AwsCalls,
): BackendClients {
  const shared = {
    ...(config.region === undefined ? {} : { region: config.region }),
    ...(config.credentials === undefined ? {} : { credentials: config.credentials }),
  };
  const at = (service: { readonly endpoint?: string | undefined } | undefined) => ({
    ...shared,
    ...(service?.endpoint === undefined ? {} : { endpoint: service.endpoint }),
  });
  const { dynamodb, control = dynamodb, sns, sqs, polling } = given;
  const queues = sqs && polling ? undefined : createFanoutClients(at(config.sqs));
  const through = <Client extends object>(own: Client | undefined, make: () => Client): Client =>
    calls.through(own ?? make(), own === undefined);
  return {
    dynamodb: through(dynamodb, () => createDynamoDBClient(at(config.dynamodb))),
    control: through(control, () => createDynamoDBClient(at(config.dynamodb))),
    sns: tracedClient(through(sns, () => createFanoutClients(at(config.sns)).sns)),
    sqs: tracedClient(through(sqs, () => (queues as FanoutClients).sqs)),
    polling: tracedClient(through(polling, () => (queues as FanoutClients).polling)),
  };
}
