import { ListTasksRequest, TaskState } from '@a2a-js/sdk';
import { ServerCallContext, type TaskStore } from '@a2a-js/sdk/server';
import {
  DatabasePushNotificationStore,
  DatabaseTaskStore,
  type TaskDatabase,
} from '@a2a-js/sdk/server/database';
import { createDynamoDBClient, type ImportSummary, importTasks } from 'a2a-aws';
import type { Kysely } from 'kysely';

/** Copies all tasks of the SDK's database stores, with their push configs, into the table. */
export async function migrate(db: Kysely<TaskDatabase>): Promise<ImportSummary> {
  return importTasks({
    from: new DatabaseTaskStore(db),
    pushNotifications: new DatabasePushNotificationStore(db),
    contexts: await owners(db),
    to: { client: createDynamoDBClient(), tableName: process.env.A2A_TABLE_NAME ?? '' },
  });
}

/** A request of each owner in each tenant that has tasks. */
export async function owners(db: Kysely<TaskDatabase>): Promise<ServerCallContext[]> {
  const rows = await db.selectFrom('tasks').select(['tenant', 'owner']).distinct().execute();
  return rows.map(
    ({ tenant, owner }) =>
      new ServerCallContext({ tenant, user: { isAuthenticated: true, userName: owner } }),
  );
}

/** Ends in the old store what its servers have left unfinished, once they have all stopped. */
export async function endUnfinished(store: TaskStore, context: ServerCallContext): Promise<void> {
  for (const status of ['TASK_STATE_SUBMITTED', 'TASK_STATE_WORKING']) {
    for (;;) {
      const { tasks } = await store.list(ListTasksRequest.fromJSON({ status }), context);
      if (tasks.length === 0) break;
      for (const { id } of tasks) {
        const task = await store.load(id, context);
        const timestamp = new Date().toISOString();
        const failed = { state: TaskState.TASK_STATE_FAILED, message: undefined, timestamp };
        if (task) await store.save({ ...task, status: failed }, context);
      }
    }
  }
}
