/** The region that the embedded AWS plays. */
export const REGION = 'us-east-1';

/** Credentials that open nothing: the emulators look at no signature. */
export const CREDENTIALS: LocalClientConfig['credentials'] = {
  accessKeyId: 'local',
  secretAccessKey: 'local',
};

/**
 * The settings with which AWS SDK clients of this process reach the embedded AWS: `region` and
 * `credentials` for all of them, and more settings for the client of each service, as in `new
 * SQSClient({ region, credentials, ...clientConfig.sqs })`.
 */
export interface LocalClientConfig {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly dynamodb: { readonly endpoint: string };
  readonly sns: { readonly endpoint: string };
  /** Queues are reached at the endpoint, whatever host their URLs name. */
  readonly sqs: { readonly endpoint: string; readonly useQueueUrlAsEndpoint: false };
}
