import type { TaskKey } from '../task-key.ts';
import type { EventQueue, TapOptions } from './event-queue.ts';

export interface QueueOptions {
  /** The context of a task that is new. @default the task's, or a fresh one */
  readonly contextId?: string | undefined;
}

/**
 * The queues of tasks: who produces a task's events has its queue here, on this instance; who reads
 * them taps it on any. Tenant and owner are part of every key (I9).
 */
export interface QueueManager {
  /** A new queue of the task. Rejects with {@link TaskQueueExists} if there is one here. */
  add(key: TaskKey, options?: QueueOptions): Promise<EventQueue>;
  /** The task's queue, if it was created here and is not closed. */
  get(key: TaskKey): Promise<EventQueue | undefined>;
  /**
   * A tap on the task, wherever its events come from; nothing only if its log knows no such task.
   * It ends with the task, or when the last queue of it is closed that was open since.
   */
  tap(key: TaskKey, options?: TapOptions): Promise<EventQueue | undefined>;
  /** The task's queue, created here if there is none; else a child of it. */
  createOrTap(key: TaskKey, options?: QueueOptions & TapOptions): Promise<EventQueue>;
  /**
   * Closes the task's queue. Rejects with {@link NoTaskQueue} if there is none here, unless the task
   * has ended, which closes its queues.
   */
  close(key: TaskKey): Promise<void>;
}
