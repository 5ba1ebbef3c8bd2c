import type { ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { currentScope } from './run-scope.ts';

/**
 * The store that the SDK's handler sees. For the task of the send that it drives it is that
 * request's private copy; for any other task it reads the log.
 */
export class RunTaskStore implements TaskStore {
  readonly #load: TaskStore['load'];
  readonly #whole: boolean;

  /** `whole`: keep the task's content, too; only push notifications ever show it. */
  constructor(load: TaskStore['load'], whole: boolean) {
    this.#load = load;
    this.#whole = whole;
  }

  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const scope = currentScope();
    return scope?.key.taskId === taskId ? copyOf(scope.task) : this.#load(taskId, context);
  }

  async save(task: Task): Promise<void> {
    const scope = currentScope();
    if (scope?.key.taskId !== task.id) return;
    // The SDK clones what it finds here with every event: without its content that costs nothing.
    scope.task = this.#whole ? task : { ...task, artifacts: [], history: [] };
  }

  async list(): Promise<ListTasksResponse> {
    return { tasks: [], nextPageToken: '', pageSize: 0, totalSize: 0 };
  }
}

/**
 * As deep as the SDK changes what it loads: a push notification that is under way holds what was
 * loaded for it, and must not change with the next event.
 */
function copyOf(task: Task): Task {
  return { ...task, artifacts: task.artifacts.map((artifact) => ({ ...artifact })) };
}
