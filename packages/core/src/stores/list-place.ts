import type { ListedTask } from '../model/listed-task.ts';

/** Where a task stands in a list. While nobody sets its status it stays there; else it rises. */
export type ListPlace = Pick<ListedTask, 'latest' | 'taskId'>;

/** Negative, zero or positive as `a` comes before, at or after `b`: newest first, then by id. */
export function comparePlaces(a: ListPlace, b: ListPlace): number {
  return b.latest - a.latest || Number(a.taskId < b.taskId) - Number(a.taskId > b.taskId);
}
