import type { Task } from '@a2a-js/sdk';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { connectionOf } from '../connections/connection.ts';
import { GENERATION_KEY, withoutKeys } from '../streams/extension.ts';
import { isActive, wantsGeneration } from '../streams/presenter.ts';

/**
 * Has the answer to a request tell the generation of this task, if the client wants to know it: in A2A
 * 1.1's field over HTTP, and in the task's metadata for the extension. Returns the task, which it changes.
 */
export function withToldGeneration(
  task: Task,
  generation: number,
  context: ServerCallContext,
): Task {
  const connection = connectionOf(context);
  if (!wantsGeneration(context, connection)) return task;
  connection?.addGeneration(task.id, generation);
  if (isActive(context)) {
    task.metadata = { ...withoutKeys(task.metadata), [GENERATION_KEY]: generation };
  }
  return task;
}
