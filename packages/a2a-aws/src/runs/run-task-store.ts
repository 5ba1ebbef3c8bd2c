import type { ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import type { RunScope } from './run-scope.ts';

/**
 * The store that an SDK handler sees. For the task of the message that it validates, if there is one, it
 * has that request's own copy. It reads any other task from the log. It stores nothing.
 */
export class RunTaskStore implements TaskStore {
  readonly #load: TaskStore['load'];
  readonly #scope: RunScope | undefined;

  constructor(load: TaskStore['load'], scope?: RunScope) {
    this.#load = load;
    this.#scope = scope;
  }

  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const scope = this.#scope;
    return scope?.key.taskId === taskId ? scope.task : this.#load(taskId, context);
  }

  async save(): Promise<void> {}

  async list(): Promise<ListTasksResponse> {
    return { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 };
  }
}
