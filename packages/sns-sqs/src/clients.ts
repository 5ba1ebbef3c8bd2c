import { SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Most tries of one call, and milliseconds that one try may take. */
const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** Longer than a long poll (20 s) can take. */
const POLL_TIMEOUT_MS = 30_000;

/** Endpoint, region and credentials. The SDK finds omitted ones in the environment. */
export type FanoutClientOptions = Pick<SNSClientConfig, 'region' | 'endpoint' | 'credentials'>;

export interface FanoutClients {
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  /** For long polls alone: each holds a socket, and is not tried again unseen. */
  readonly polling: SQSClient;
}

/**
 * Clients whose every call ends: 5 s a try, 3 tries; a poll 30 s, 1 try (a receiver must learn of a
 * failed poll, and backs off itself), whatever `AWS_RETRY_MODE` and `AWS_MAX_ATTEMPTS` say.
 *
 * Source: AWS SDK for JavaScript v3, "NodeHttpHandlerOptions" (a request time-out only warns unless
 * `throwOnRequestTimeout`, and covers the time to the first byte of the answer; the socket time-out
 * covers the rest).
 */
export function createFanoutClients(options: FanoutClientOptions = {}): FanoutClients {
  // A queue's URL must not win over the endpoint that was configured.
  const sqs = { ...options, useQueueUrlAsEndpoint: false };
  const retryMode = 'standard';
  const call = {
    maxAttempts: MAX_ATTEMPTS,
    retryMode,
    requestHandler: timeouts(REQUEST_TIMEOUT_MS),
  };
  const poll = { maxAttempts: 1, retryMode, requestHandler: timeouts(POLL_TIMEOUT_MS) };
  return {
    sns: new SNSClient({ ...options, ...call }),
    sqs: new SQSClient({ ...sqs, ...call }),
    polling: new SQSClient({ ...sqs, ...poll }),
  };
}

function timeouts(ms: number): {
  connectionTimeout: number;
  requestTimeout: number;
  socketTimeout: number;
  throwOnRequestTimeout: true;
} {
  return {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: ms,
    socketTimeout: ms,
    throwOnRequestTimeout: true,
  };
}
