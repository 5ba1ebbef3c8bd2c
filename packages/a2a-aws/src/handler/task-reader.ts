import type { TaskKey } from '@a2a-aws/core';
import { type CopyOptions, type ReadTask, readTask } from '@a2a-aws/core/internal';
import type { Task } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { HandlerDeps } from './handler-deps.ts';

/** Reads tasks from the log. */
export class TaskReader {
  readonly #deps: Pick<HandlerDeps, 'instance' | 'clock' | 'scopeOf'>;

  constructor(deps: Pick<HandlerDeps, 'instance' | 'clock' | 'scopeOf'>) {
    this.#deps = deps;
  }

  /** Returns the key of a caller's task. Throws `RequestMalformedError` for an empty id. */
  key(taskId: string, context: ServerCallContext): TaskKey {
    if (!taskId || taskId.trim() === '') throw new RequestMalformedError('A task id is required.');
    return { ...this.#deps.scopeOf(context), taskId };
  }

  async load(key: TaskKey): Promise<Task | undefined> {
    return (await this.read(key))?.task;
  }

  async read(key: TaskKey, options?: CopyOptions): Promise<ReadTask | undefined> {
    const { logs } = this.#deps.instance();
    const open = logs.acquire(key);
    try {
      await open.log.refresh();
      return await readTask(open.log, this.#deps.clock, options);
    } finally {
      logs.release(open);
    }
  }
}
