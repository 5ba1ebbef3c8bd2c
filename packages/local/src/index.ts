export type { DynamoDbEngine } from './embedded-dynamodb.ts';
export {
  type LocalAws,
  type LocalAwsEnv,
  type LocalAwsOptions,
  startLocalAws,
} from './local-aws.ts';
export type { LocalClientConfig } from './local-client-config.ts';
