export { type Cluster, type ClusterOptions, startCluster } from './cluster/cluster.ts';
export type { ClusterInstance } from './cluster/server-process.ts';
export type { DynamoDbEngine } from './embedded-dynamodb.ts';
export {
  type LocalAws,
  type LocalAwsEnv,
  type LocalAwsOptions,
  startLocalAws,
} from './local-aws.ts';
export type { LocalClientConfig } from './local-client-config.ts';
