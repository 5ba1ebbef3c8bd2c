import type { EventQueue, QueueManager, QueueOptions, TapOptions, TaskKey } from '@a2a-aws/core';
import type { Backend, StopOptions } from './backend.ts';
import { createBackend } from './create-backend.ts';
import type { BackendOptions } from './options/backend-options.ts';

/**
 * Queues of tasks' events that reach every instance, for servers that do not use the SDK's request
 * handler: an event that is enqueued on one instance can be tapped on any. The backend adds no events
 * of its own, except FAILED for a task whose instance died with the queue open and that has no other
 * producer.
 *
 * @example
 * ```ts
 * import { SnsQueueManager } from 'a2a-aws';
 *
 * const manager = new SnsQueueManager();
 * await manager.start();
 * const tap = await manager.tap({ tenant: '', owner: 'ann', taskId: 'task-1' }, { after: 0 });
 * for await (const { event, generation } of tap ?? []) console.log(generation, event.kind);
 * await manager.stop();
 * ```
 */
export class SnsQueueManager implements QueueManager, AsyncDisposable {
  readonly #backend: Backend;
  readonly #queues: QueueManager;

  /**
   * Makes no I/O before {@link start}.
   * @throws {BackendError} `configuration` for an invalid option.
   */
  constructor(options: BackendOptions = {}) {
    this.#backend = createBackend(options);
    this.#queues = this.#backend.queues();
  }

  /** As `Backend.start`. */
  start(): Promise<void> {
    return this.#backend.start();
  }

  /** As `Backend.stop`: queues that are not closed in time are ended like those of a lost instance. */
  stop(options?: StopOptions): Promise<void> {
    return this.#backend.stop(options);
  }

  add(key: TaskKey, options?: QueueOptions): Promise<EventQueue> {
    return this.#queues.add(key, options);
  }

  get(key: TaskKey): Promise<EventQueue | undefined> {
    return this.#queues.get(key);
  }

  tap(key: TaskKey, options?: TapOptions): Promise<EventQueue | undefined> {
    return this.#queues.tap(key, options);
  }

  createOrTap(key: TaskKey, options?: QueueOptions & TapOptions): Promise<EventQueue> {
    return this.#queues.createOrTap(key, options);
  }

  close(key: TaskKey): Promise<void> {
    return this.#queues.close(key);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
