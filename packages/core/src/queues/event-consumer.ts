import type { EventQueue } from './event-queue.ts';
import { QueueShutDown } from './queue-errors.ts';
import type { QueuedEvent } from './queued-event.ts';

/** Reads a queue on behalf of whoever answers for the agent's execution. */
export class EventConsumer {
  readonly #queue: EventQueue;
  readonly #failed = new AbortController();

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /**
   * The queue's events until the final one, which closes the queue, or until the queue is closed.
   * Each is acknowledged when the next is asked for. Throws what the agent's execution raised, after
   * the events that were there by then; breaking off leaves the queue open.
   */
  async *consumeAll(): AsyncGenerator<QueuedEvent, void, undefined> {
    for (let queued = await this.#next(); queued; queued = await this.#next()) {
      // Before it is given: whoever has the final event may never ask again. What a dying instance
      // cannot close is closed by who cleans up after it.
      if (queued.final) await this.#queue.close().catch(() => {});
      yield queued;
      this.#queue.taskDone();
      if (queued.final) return void (await this.#queue.close().catch(() => {}));
    }
  }

  /** To be called with the agent's execution: if that fails, the consumer fails with its reason. */
  agentTaskCallback(execution: Promise<unknown>): void {
    execution.catch((reason: unknown) => this.#failed.abort(reason));
  }

  async #next(): Promise<QueuedEvent | undefined> {
    const { signal } = this.#failed;
    try {
      return await this.#queue.dequeueEvent({ signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof QueueShutDown && error.cause === undefined) return undefined;
      throw error;
    }
  }
}
