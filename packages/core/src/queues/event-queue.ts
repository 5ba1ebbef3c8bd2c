import type { TaskEvent } from '../a2a/event.ts';
import type { Generation } from '../model/generation.ts';
import type { EnqueuedEvent, QueuedEvent } from './queued-event.ts';

/** The default of {@link TapOptions.maxQueueSize}. */
export const DEFAULT_MAX_QUEUE_SIZE = 1024;

/**
 * A task's events on their way from producers to readers. All readers of a task, on any instance,
 * receive the same events in the same order.
 *
 * A queue that was created accepts events. Its taps, the children, only give events to readers. A
 * reader never delays a producer or another reader: a reader that falls behind reads the task's
 * log. Iteration dequeues events until no more will come, and acknowledges each when the next one
 * is requested.
 */
export interface EventQueue extends AsyncIterable<QueuedEvent>, AsyncDisposable {
  /** True once the queue accepts no more events, and gives only those that it already has. */
  readonly isClosed: boolean;
  /**
   * Appends an event after all that were enqueued here before. Resolves with its generation once it
   * is durable. A bare Message, the answer of this queue's producer, has no generation and ends the
   * queue. An error has no generation either: readers receive it as a rejection at its position,
   * and it ends neither the queue nor the task.
   *
   * @throws {QueueShutDown} if the queue is closed
   * @throws {BackendError} `sealed` if the task has ended; `unknown-event` for a value that is no
   * known kind of event; `queue-misuse` on a child; `invalid-event`, `event-too-large` or
   * `backlog-full` for an event that cannot be accepted, after which the queue stays open
   */
  enqueueEvent(event: TaskEvent): Promise<Generation>;
  enqueueEvent(event: EnqueuedEvent): Promise<Generation | undefined>;
  /**
   * Resolves with the next event; each is given once, in order. An aborted `signal` only ends the
   * wait: an event that is already available is still given.
   *
   * @throws {AgentErrorRaised} where the producer enqueued an error. It is raised once and
   * acknowledged together with the event before it, and the queue stays readable.
   * @throws {QueueShutDown} when the queue is closed and empty, also while waiting
   * @throws {BackendError} if the log could not be read; it may be called again then
   */
  dequeueEvent(options?: { readonly signal?: AbortSignal | undefined }): Promise<QueuedEvent>;
  /**
   * Acknowledges the oldest event that was dequeued but not acknowledged.
   * @throws {BackendError} `queue-misuse` if there is none
   */
  taskDone(): void;
  /**
   * Resolves with a child that is read at its own pace. It ends with this queue, and at the latest
   * with its task.
   */
  tap(options?: TapOptions): Promise<EventQueue>;
  /**
   * Ends this queue and its children. New events are refused at once. Events that are already there
   * may still be dequeued, or are dropped on this instance if `immediate` is set. Resolves when the
   * end is durable, and never waits for a reader. Closing a child ends only the child. Idempotent.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  /** Drops the events that were not dequeued. @default false */
  readonly immediate?: boolean | undefined;
}

export interface TapOptions {
  /**
   * Starts after the event of this generation; 0 stands for the task's beginning. The tap rejects
   * with `expired` if those events are older than the ones that are kept.
   * @default the end of the log
   */
  readonly after?: number | undefined;
  /**
   * The number of the task's last events that are kept in memory for this tap. A tap that is
   * further behind reads the log until it has caught up.
   * @default 1,024
   */
  readonly maxQueueSize?: number | undefined;
  /**
   * Stores the acknowledged place under this name, per task. The next tap of that name continues
   * there, on any instance and after a restart (each event at least once). A name that is new to
   * the task begins with its first event. With `after`, the tap never starts before that
   * generation. Use only one tap per name at a time.
   */
  readonly consumer?: string | undefined;
  /** Closes the tap when it aborts, and drops the events that were not dequeued. */
  readonly signal?: AbortSignal | undefined;
}
