import type { TaskEvent } from '../a2a/event.ts';
import type { EnqueuedEvent, QueuedEvent } from './queued-event.ts';

/** How many of a task's last events are kept in memory for one tap, unless it says otherwise. */
export const DEFAULT_MAX_QUEUE_SIZE = 1024;

/**
 * A task's events, from those who produce them to those who read them. All that read a task, on any
 * instance, see the same events in the same order.
 *
 * A queue that was created takes events; what it was tapped for, its children, only gives them. A
 * reader never holds up a producer or another reader: one that falls behind reads the task's log.
 * Iterating takes events until there will be no more, and acknowledges each when the next is asked for.
 */
export interface EventQueue extends AsyncIterable<QueuedEvent>, AsyncDisposable {
  /** True once nothing is taken any more, and nothing comes but what is there already. */
  readonly isClosed: boolean;
  /**
   * Puts an event behind all that were enqueued here before. Resolves once it is durable, with its
   * generation; a bare Message, the answer of this queue's producer, has none and ends the queue. An
   * error has none either: it is raised to the readers where it stands, and ends neither queue nor task.
   *
   * Rejects with {@link QueueShutDown} if the queue is closed; with `sealed` if the task has ended;
   * with `unknown-event` for what is of no kind of event; with `invalid-event`, `event-too-large` or `backlog-full` for an event that cannot be taken,
   * which leaves the queue open; with `queue-misuse` on a child.
   */
  enqueueEvent(event: TaskEvent): Promise<number>;
  enqueueEvent(event: EnqueuedEvent): Promise<number | undefined>;
  /**
   * The next event, each given once, in order. Rejects with `AgentErrorRaised` where the producer
   * enqueued an error: once, acknowledged along with what is before it; it may be asked again. Rejects
   * with {@link QueueShutDown} when the queue is
   * closed and empty, also while waiting; with what reading the log met, after which it may be asked
   * again. `signal` ends the waiting, not the taking: what is there already is given all the same.
   */
  dequeueEvent(options?: { readonly signal?: AbortSignal | undefined }): Promise<QueuedEvent>;
  /**
   * Acknowledges the oldest event that was dequeued and not acknowledged yet. Throws `queue-misuse`
   * if there is none.
   */
  taskDone(): void;
  /** A child of its own pace; it ends with this queue, at the latest with its task. */
  tap(options?: TapOptions): Promise<EventQueue>;
  /**
   * Ends this queue and its children: at once everything is refused, and what is there already may
   * still be dequeued, or is dropped on this instance (`immediate`). Resolves when the end is durable;
   * never waits for a reader. A child's end is its own affair. Idempotent.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  /** Drop what was not dequeued. @default false */
  readonly immediate?: boolean | undefined;
}

export interface TapOptions {
  /**
   * Give what comes after the event of this generation, 0 for all there is; rejects with `expired`
   * when that is older than what is kept. @default what comes from now on
   */
  readonly after?: number | undefined;
  /**
   * How many of the task's last events are kept in memory for this tap: when it is further behind it
   * reads the log, and returns when it has caught up. @default 1,024
   */
  readonly maxQueueSize?: number | undefined;
  /**
   * Remember under this name, per task, what was acknowledged: the next tap of that name goes on
   * there, on any instance, after a restart too (each event at least once). A name that is new to the
   * task begins with its first event. With `after`, never before that. One tap per name at a time.
   */
  readonly consumer?: string | undefined;
  /** Closes the tap when it aborts, dropping what was not dequeued. */
  readonly signal?: AbortSignal | undefined;
}
