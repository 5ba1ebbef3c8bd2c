import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { CallLimit, type Send } from './call-limit.ts';
import { LowLevelClient } from './low-level-client.ts';

/** Most tries of one call, and milliseconds that one try may take. */
const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** The number of sockets of a client of the AWS SDK, unless its agent says otherwise. */
const SOCKETS = 50;
/** As long as all tries of one call: if DynamoDB is silent, no call fails later than those under way. */
const MAX_WAIT_MS = MAX_ATTEMPTS * REQUEST_TIMEOUT_MS;

/** Endpoint, region and credentials. The SDK finds omitted ones in the environment. */
export type DynamoDBClientOptions = Pick<
  DynamoDBClientConfig,
  'region' | 'endpoint' | 'credentials'
>;

/**
 * A client whose every call ends: 5 s a try, 3 tries, whatever `AWS_RETRY_MODE` and
 * `AWS_MAX_ATTEMPTS` say (the mode `adaptive` holds calls back for as long as it likes). Each client
 * has sockets of its own, at most 50. A call that finds all of them in use waits for at most 15 s.
 * Source: AWS SDK for JavaScript v3, "NodeHttpHandlerOptions": without `throwOnRequestTimeout` a
 * request that takes too long is only warned of.
 */
export function createDynamoDBClient(options: DynamoDBClientOptions = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...options,
    maxAttempts: MAX_ATTEMPTS,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      socketTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  // Nothing is logged here, but this middleware copies each output for its logger: a third of the time
  // that it takes to read a page of short items.
  client.middlewareStack.remove('loggerMiddleware');
  const document = documentClient(client);
  const send = document.send.bind(document) as Send;
  const lowLevel = new LowLevelClient(client);
  const fastest: Send = (command, sent) => lowLevel.send(command, sent) ?? send(command, sent);
  const limit = new CallLimit(fastest, SOCKETS, MAX_WAIT_MS);
  // A call with a callback gets its result from the client itself.
  const limited: Send = (...call) => (call.some(isFunction) ? send(...call) : limit.send(...call));
  document.send = limited as typeof document.send;
  // A document client's own does nothing, since it is usually given its client.
  document.destroy = () => {
    limit.close();
    client.destroy();
  };
  return document;
}

/** Returns a document client that omits undefined attributes, as all items here need. */
export function documentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
