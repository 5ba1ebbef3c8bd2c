import type {
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  ServerCallContext,
} from '@a2a-js/sdk/server';
import { createDynamoDBClient, type ImportSummary, importTasks } from 'a2a-aws';

/** Copies the tasks of these owners, with their push configs, into the table. */
export function migrateMemory(
  from: InMemoryTaskStore,
  pushNotifications: InMemoryPushNotificationStore,
  contexts: readonly ServerCallContext[],
): Promise<ImportSummary> {
  const to = { client: createDynamoDBClient(), tableName: process.env.A2A_TABLE_NAME ?? '' };
  return importTasks({ from, pushNotifications, contexts, to });
}
