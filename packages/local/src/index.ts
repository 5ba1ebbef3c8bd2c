export type { DynamoDbEngine } from './aws/embedded-dynamodb.ts';
export {
  type LocalAws,
  type LocalAwsEnv,
  type LocalAwsOptions,
  startLocalAws,
} from './aws/local-aws.ts';
export type { LocalClientConfig } from './aws/local-client-config.ts';
export { type Cluster, type ClusterOptions, startCluster } from './cluster/cluster.ts';
export type { ClusterInstance } from './cluster/server-process.ts';
