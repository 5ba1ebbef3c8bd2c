import { createDynamoDBClient, type DynamoDBClientOptions } from '@a2a-aws/dynamodb';
import { createFanoutClients } from '@a2a-aws/sns-sqs';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** As much of each client as the backend uses. */
export interface BackendClients {
  readonly dynamodb: Pick<DynamoDBDocumentClient, 'send'>;
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** For long polls: its time-out must be longer than 20 s. */
  readonly polling: Pick<SQSClient, 'send'>;
}

/**
 * Where AWS is and who asks. What is left out, the AWS SDK finds in the environment:
 * `AWS_REGION`, credentials, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`.
 */
export interface ClientConfig {
  readonly region?: string | undefined;
  readonly credentials?: DynamoDBClientOptions['credentials'];
  readonly dynamodb?: { readonly endpoint?: string | undefined } | undefined;
  readonly sns?: { readonly endpoint?: string | undefined } | undefined;
  readonly sqs?: { readonly endpoint?: string | undefined } | undefined;
}

/** The clients that are given, and those that are not. */
export function resolveClients(
  given: Partial<BackendClients>,
  config: ClientConfig,
): BackendClients {
  const shared = {
    ...(config.region === undefined ? {} : { region: config.region }),
    ...(config.credentials === undefined ? {} : { credentials: config.credentials }),
  };
  const at = (service: { readonly endpoint?: string | undefined } | undefined) => ({
    ...shared,
    ...(service?.endpoint === undefined ? {} : { endpoint: service.endpoint }),
  });
  const { dynamodb, sns, sqs, polling } = given;
  const queues = sqs && polling ? { sqs, polling } : createFanoutClients(at(config.sqs));
  return {
    dynamodb: dynamodb ?? createDynamoDBClient(at(config.dynamodb)),
    sns: sns ?? createFanoutClients(at(config.sns)).sns,
    sqs: sqs ?? queues.sqs,
    polling: polling ?? queues.polling,
  };
}
