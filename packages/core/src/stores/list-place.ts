import type { ListedTask } from '../model/listed-task.ts';

/**
 * The place of a task in a list. It only changes when the task's status is set, and then only
 * upwards.
 */
export type ListPlace = Pick<ListedTask, 'latest' | 'taskId'>;

/**
 * Returns a negative, zero or positive number if `a` comes before, at or after `b`. The newest
 * comes first; equal times are ordered by id, descending.
 */
export function compareListPlaces(a: ListPlace, b: ListPlace): number {
  return b.latest - a.latest || Number(a.taskId < b.taskId) - Number(a.taskId > b.taskId);
}
