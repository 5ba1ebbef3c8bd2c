import type { Task } from '@a2a-js/sdk';

/** Leaves the task its last `historyLength` messages, all if that is not given (A2A §3.2.4). */
export function limitHistory(task: Task, historyLength: number | undefined): Task {
  if (historyLength === undefined) return task;
  return { ...task, history: historyLength > 0 ? task.history.slice(-historyLength) : [] };
}
