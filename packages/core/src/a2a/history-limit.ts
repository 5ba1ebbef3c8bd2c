import type { Task } from '@a2a-js/sdk';

/**
 * Returns the task with its last `historyLength` messages, or with all if that is `undefined` (A2A
 * §3.2.4).
 */
export function limitHistory(task: Task, historyLength: number | undefined): Task {
  if (historyLength === undefined) return task;
  return { ...task, history: historyLength > 0 ? task.history.slice(-historyLength) : [] };
}
