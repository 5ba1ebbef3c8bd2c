import { BackendError } from '../errors.ts';
import type { AgentError } from '../model/entry.ts';

/** `queue-shut-down`: the queue is closed, and empty. `cause` says what ended it, if not its owner. */
export class QueueShutDown extends BackendError {
  constructor(options?: { cause?: unknown }) {
    super('queue-shut-down', 'The queue is closed.', options);
    this.name = 'QueueShutDown';
  }
}

/** `no-task-queue`: this instance has no queue of the task. */
export class NoTaskQueue extends BackendError {
  constructor() {
    super('no-task-queue', 'There is no queue of the task here.');
    this.name = 'NoTaskQueue';
  }
}

/** `task-queue-exists`: this instance has a queue of the task already. */
export class TaskQueueExists extends BackendError {
  constructor() {
    super('task-queue-exists', 'There is a queue of the task here already.');
    this.name = 'TaskQueueExists';
  }
}

/**
 * `agent-error`: the queue's producer enqueued an error, which stands here among the events. `error` is
 * what it enqueued: text from outside, not for logs.
 */
export class AgentErrorRaised extends BackendError {
  readonly error: AgentError;

  constructor(error: AgentError) {
    super('agent-error', 'The agent raised an error.');
    this.name = 'AgentErrorRaised';
    this.error = error;
  }
}
