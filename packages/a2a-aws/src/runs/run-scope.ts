import type { PushEntry, TaskKey } from '@a2a-aws/core';
import {
  deepCopy,
  type Instance,
  type OpenLog,
  type RetryRule,
  type Run,
} from '@a2a-aws/core/internal';
import type { SendMessageRequest, Task } from '@a2a-js/sdk';

/** The outcome of a send: a run of its own, or the run of the same message sent before. */
export interface Started {
  /** `undefined` if another message has used the log of the new task in the meantime. */
  readonly run: string | undefined;
  /** False: another send's run, perhaps on another instance. */
  readonly own: boolean;
}

/** A run to execute, and the function to call afterwards. */
export interface Assignment {
  readonly run: Run;
  finish(): Promise<void>;
}

/**
 * The instance that starts the run: the one in which the log was opened, even if the process has another
 * one by then. A resumed run has started already.
 */
export type StartedBy =
  | {
      readonly instance: Instance;
      readonly retry: RetryRule;
      /** The message has no task yet. */
      readonly isNewTask: boolean;
      /** The generation that the sender requires of the task. */
      readonly ifGeneration?: number | undefined;
    }
  | { readonly resumed: Assignment };

/** One message on its way to a run. */
export class RunScope {
  readonly open: OpenLog;
  /** As the client sent it, but for the id of a new task. */
  readonly request: SendMessageRequest;
  readonly digest: string;
  readonly by: StartedBy;
  /** Resolves when the run's start is durable; rejects if there will be no run. */
  readonly started: Promise<Started>;
  /** The task as the SDK's handler sees it, without its content. The handler may change this copy. */
  readonly task: Task;
  /** The push configuration that the message sets, once it is stored. */
  push: PushEntry | undefined;
  #resolve: (started: Started) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(open: OpenLog, request: SendMessageRequest, digest: string, by: StartedBy) {
    this.by = by;
    this.open = open;
    this.request = request;
    this.digest = digest;
    const task = open.log.picture()?.head();
    this.task = task ? deepCopy(task) : blankTask(this.key.taskId);
    this.started = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.started.catch(() => {});
  }

  get key(): TaskKey {
    return this.open.log.key;
  }

  resolve(started: Started): void {
    this.#resolve(started);
  }

  /** Has no effect once the run has started. */
  reject(error: unknown): void {
    this.#reject(error);
  }
}

/** So that the SDK finds the task whose id was chosen here; it takes the context id from elsewhere. */
function blankTask(id: string): Task {
  return {
    id,
    contextId: '',
    status: undefined,
    artifacts: [],
    history: [],
    metadata: undefined,
  };
}
