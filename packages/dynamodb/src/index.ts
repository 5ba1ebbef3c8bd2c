export { createDynamoDBClient, type DynamoDBClientOptions, documentClient } from './clients.ts';
export { DynamoDBConsumerOffsets } from './dynamodb-consumer-offsets.ts';
export { DynamoDBCursorStore, type DynamoDBCursorStoreOptions } from './dynamodb-cursor-store.ts';
export { DynamoDBInstanceRegistry } from './dynamodb-instance-registry.ts';
export { DynamoDBLogStorage, type DynamoDBStorageOptions } from './dynamodb-log-storage.ts';
export { DynamoDBPushLedger } from './dynamodb-push-ledger.ts';
export {
  DynamoDBPushNotificationStore,
  type DynamoDBPushNotificationStoreOptions,
} from './dynamodb-push-notification-store.ts';
export { DynamoDBTaskStore, type DynamoDBTaskStoreOptions } from './dynamodb-task-store.ts';
export { type ImportTasksOptions, importTasks } from './import-tasks.ts';
export { createTable } from './table/create-table.ts';
export { MAX_OWNER_SHARDS } from './table/keys.ts';
export {
  attribute,
  CONTEXT_INDEX,
  INDEXED_FIELDS,
  INDEXES,
  type IndexDefinition,
  OWNER_INDEX,
  tableDefinition,
} from './table/table-definition.ts';
