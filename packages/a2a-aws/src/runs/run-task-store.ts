import type { ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { currentScope } from './run-scope.ts';

/**
 * The store that the SDK's handler sees. For the task of the send that it drives it is that
 * request's private copy; for any other task it reads the log.
 */
export class RunTaskStore implements TaskStore {
  readonly #load: TaskStore['load'];

  constructor(load: TaskStore['load']) {
    this.#load = load;
  }

  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const scope = currentScope();
    return scope?.key.taskId === taskId ? scope.task : this.#load(taskId, context);
  }

  async save(task: Task): Promise<void> {
    const scope = currentScope();
    if (scope?.key.taskId !== task.id) return;
    // The SDK clones what it finds here with every event: without its content that costs nothing.
    scope.task = { ...task, artifacts: [], history: [] };
  }

  async list(): Promise<ListTasksResponse> {
    return { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 };
  }
}
