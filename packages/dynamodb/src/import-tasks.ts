import type { ImportSource, ImportSummary } from '@a2a-aws/core';
import { importTasks as importInto } from '@a2a-aws/core/internal';
import { DynamoDBPushNotificationStore } from './dynamodb-push-notification-store.ts';
import { type DynamoDBTaskStoreOptions, taskStoreDeps } from './dynamodb-task-store.ts';

export interface ImportTasksOptions extends ImportSource {
  /** The options of the stores, or of the backend, that will have the tasks. */
  readonly to: DynamoDBTaskStoreOptions;
}

/**
 * Imports tasks of any `TaskStore`, with their push configs if their store is given. A task that a
 * server has worked on in the table is left alone, so an import may run while servers use the
 * table. It may be interrupted and repeated: a repetition adds the new content of the source.
 *
 * A task's retention begins with its import; the timestamps of its status stay.
 *
 * @throws {BackendError} `unreachable`, `table-not-found` and others if the table cannot be used.
 *
 * @example
 * ```ts
 * import { InMemoryTaskStore, ServerCallContext } from '@a2a-js/sdk/server';
 * import { createDynamoDBClient, importTasks } from 'a2a-aws';
 *
 * const from = new InMemoryTaskStore();
 * const user = { isAuthenticated: true, userName: 'ann' };
 * const contexts = [new ServerCallContext({ user })];
 * const to = { client: createDynamoDBClient(), tableName: 'agents' };
 * const { imported } = await importTasks({ from, contexts, to });
 * ```
 */
export function importTasks({ to, ...source }: ImportTasksOptions): Promise<ImportSummary> {
  const { logger, ownerShards, ...shared } = to;
  const configs = new DynamoDBPushNotificationStore(shared);
  return importInto(source, { ...taskStoreDeps(to), configs });
}
