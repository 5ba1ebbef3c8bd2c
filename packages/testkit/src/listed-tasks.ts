import type { ListedTask, ListFilter, LogStorage, Scope } from '@a2a-aws/core';

/** Returns all tasks of an owner, of any age, or those that pass a filter, by id. */
export async function listedTasks(
  storage: Pick<LogStorage, 'list'>,
  scope: Scope,
  filter: Partial<ListFilter> = {},
): Promise<ListedTask[]> {
  const tasks: ListedTask[] = [];
  await storage.list(scope, { endedSince: 0, ...filter }, (task) => tasks.push(task));
  return tasks
    .map(({ taskId, state, timestamp, latest, writtenAtMs }) => ({
      taskId,
      state,
      timestamp,
      latest,
      writtenAtMs,
    }))
    .sort((a, b) => (a.taskId < b.taskId ? -1 : 1));
}
