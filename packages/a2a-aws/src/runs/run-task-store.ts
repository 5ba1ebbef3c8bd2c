import type { ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import type { RunScope } from './run-scope.ts';

/**
 * The store that an SDK handler sees. For the task of the send that it drives, if it drives one, it is
 * that request's private copy; any other task it reads from the log.
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

  async save(task: Task): Promise<void> {
    const scope = this.#scope;
    if (scope?.key.taskId !== task.id) return;
    // The SDK clones this task with every event. A clone without content costs nothing.
    scope.task = { ...task, artifacts: [], history: [] };
  }

  async list(): Promise<ListTasksResponse> {
    return { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 };
  }
}
