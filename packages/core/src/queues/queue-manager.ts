import { BackendError } from '../errors.ts';
import type { Instance } from '../instances/instance.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { EventQueue, EventTap } from './event-queue.ts';

/** The queues of one instance's tasks, for servers that do not use the SDK's request handler. */
export class QueueManager {
  readonly #instance: () => Instance;
  readonly #queues = new Map<string, Promise<EventQueue>>();

  constructor(instance: () => Instance) {
    this.#instance = instance;
  }

  /**
   * The task's queue on this instance, opened if need be: a run in the task's log, without a
   * message. Fails with `sealed` if the task has ended.
   */
  createOrGet(key: TaskKey, contextId: string): Promise<EventQueue> {
    const text = taskKeyText(key);
    let queue = this.#queues.get(text);
    if (!queue) {
      queue = this.#open(key, contextId);
      this.#queues.set(text, queue);
      queue.catch(() => this.#queues.delete(text));
    }
    return queue;
  }

  /** A tap on the task's events, on any instance; nothing if the log knows no such task. */
  async tap(key: TaskKey): Promise<EventTap | undefined> {
    const { feed } = this.#instance();
    const open = feed.acquire(key);
    let watching = false;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      if (watching) open.watch.release();
      feed.release(open);
    };
    try {
      // Watch first, then read: what was appended between is in one of the two.
      await open.watch.hold();
      watching = true;
      await open.log.refresh();
      if (!open.log.state.hasTask) {
        leave();
        return undefined;
      }
      open.announce();
      return new EventTap(open.tap(), leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Closes the task's queue on this instance, if there is one. */
  async close(key: TaskKey): Promise<void> {
    await (await this.#queues.get(taskKeyText(key)))?.close();
  }

  async #open(key: TaskKey, contextId: string): Promise<EventQueue> {
    const instance = this.#instance();
    const begun = await instance.begin(key, { contextId });
    if ('refused' in begun) {
      throw new BackendError('sealed', 'The task takes no more events.');
    }
    return new EventQueue(begun.run, async () => {
      this.#queues.delete(taskKeyText(key));
      await instance.runs.finish(begun.run, true);
    });
  }
}
