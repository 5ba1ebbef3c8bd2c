import type { EventQueue } from './event-queue.ts';
import { QueueShutDown } from './queue-errors.ts';
import type { QueuedEvent } from './queued-event.ts';

/** Reads a queue for the caller that is responsible for the agent's execution. */
export class EventConsumer {
  readonly #queue: EventQueue;
  readonly #failed = new AbortController();

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /**
   * Yields the queue's events until the final one, which closes the queue, or until the queue is
   * closed. Acknowledges each event when the next one is requested. Throws the error of the agent's
   * execution after the events that precede it. Breaking off leaves the queue open.
   */
  async *consumeAll(): AsyncGenerator<QueuedEvent, void, undefined> {
    for (let queued = await this.#next(); queued; queued = await this.#next()) {
      // Closed before the final event is given, because its reader may never ask again. If this
      // instance dies first, a janitor closes the run.
      if (queued.final) await this.#queue.close().catch(() => {});
      yield queued;
      this.#queue.taskDone();
      if (queued.final) return void (await this.#queue.close().catch(() => {}));
    }
  }

  /** Watches the agent's execution. If it fails, the consumer fails with the same reason. */
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
