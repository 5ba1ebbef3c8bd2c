import { BackendError } from '../errors.ts';
import type { AgentError } from '../model/entry.ts';

/**
 * `queue-shut-down`: the queue is closed and empty. `cause` is the reason, unless its owner closed
 * it.
 */
export class QueueShutDown extends BackendError {
  constructor(options?: { cause?: unknown }) {
    super('queue-shut-down', 'The queue is closed.', options);
    this.name = 'QueueShutDown';
  }
}

/** `no-task-queue`: this instance has no queue for the task. */
export class NoTaskQueue extends BackendError {
  constructor() {
    super('no-task-queue', 'There is no queue of the task here.');
    this.name = 'NoTaskQueue';
  }
}

/** `task-queue-exists`: this instance already has a queue for the task. */
export class TaskQueueExists extends BackendError {
  constructor() {
    super('task-queue-exists', 'There is a queue of the task here already.');
    this.name = 'TaskQueueExists';
  }
}

/**
 * `agent-error`: the queue's producer enqueued an error at this position among the events. `error`
 * is the enqueued error: text from outside, which must not be logged.
 */
export class AgentErrorRaised extends BackendError {
  readonly error: AgentError;

  constructor(error: AgentError) {
    super('agent-error', 'The agent raised an error.');
    this.name = 'AgentErrorRaised';
    this.error = error;
  }
}
