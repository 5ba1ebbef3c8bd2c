import type { EventQueue, EventTap, QueueManager, TaskKey } from '@a2a-aws/core';
import type { Backend, StopOptions } from './backend.ts';
import { createBackend } from './create-backend.ts';
import type { BackendOptions } from './options.ts';

/**
 * Queues of tasks' events that reach every instance, for servers that do not use the SDK's request
 * handler: what is enqueued on one instance is tapped on any.
 */
export class SnsQueueManager {
  readonly #backend: Backend;
  readonly #queues: QueueManager;

  /** No I/O before {@link start}. Throws `configuration`. */
  constructor(options: BackendOptions = {}) {
    this.#backend = createBackend(options);
    this.#queues = this.#backend.queues();
  }

  /** As `Backend.start`. */
  start(): Promise<void> {
    return this.#backend.start();
  }

  /** As `Backend.stop`. */
  stop(options?: StopOptions): Promise<void> {
    return this.#backend.stop(options);
  }

  /** The task's queue on this instance, opened if need be. Fails with `sealed` if it has ended. */
  createOrGet(key: TaskKey, contextId: string): Promise<EventQueue> {
    return this.#queues.createOrGet(key, contextId);
  }

  /** A tap on the task's events, on any instance; nothing if there is no such task. */
  tap(key: TaskKey): Promise<EventTap | undefined> {
    return this.#queues.tap(key);
  }

  /** Closes the task's queue on this instance, if there is one. */
  close(key: TaskKey): Promise<void> {
    return this.#queues.close(key);
  }
}
