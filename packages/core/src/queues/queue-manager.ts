import type { TaskKey } from '../task-key.ts';
import type { EventQueue, TapOptions } from './event-queue.ts';

export interface QueueOptions {
  /** The context of a new task. @default the existing task's, or a fresh one */
  readonly contextId?: string | undefined;
}

/**
 * The queues of tasks. The producer of a task's events has its queue on its own instance; a reader
 * taps it on any instance. Tenant and owner are part of every key (I9).
 */
export interface QueueManager {
  /**
   * Resolves with a new queue for the task.
   * @throws {TaskQueueExists} if this instance already has one
   */
  add(key: TaskKey, options?: QueueOptions): Promise<EventQueue>;
  /**
   * Resolves with the task's queue if it was created here and is open, otherwise with `undefined`.
   */
  get(key: TaskKey): Promise<EventQueue | undefined>;
  /**
   * Resolves with a tap on the task, wherever its events come from; `undefined` only if its log
   * knows no such task. The tap ends with the task, or when the task's last open queue is closed.
   */
  tap(key: TaskKey, options?: TapOptions): Promise<EventQueue | undefined>;
  /**
   * Resolves with a new queue for the task, or with a child of the queue that this instance already
   * has.
   */
  createOrTap(key: TaskKey, options?: QueueOptions & TapOptions): Promise<EventQueue>;
  /**
   * Closes the task's queue.
   * @throws {NoTaskQueue} if this instance has none, unless the task has ended, which closes its
   * queues
   */
  close(key: TaskKey): Promise<void>;
}
