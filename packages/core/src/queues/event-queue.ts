import type { TaskEvent } from '../a2a/event.ts';
import { BackendError } from '../errors.ts';
import type { OpenLog } from '../feed/open-log.ts';
import type { Tap } from '../feed/tap.ts';
import type { Run } from '../instances/run.ts';
import type { Delivery } from '../log/fold.ts';

/** A task's queue on the side that enqueues: one run of the log, without the SDK's server. */
export class EventQueue {
  readonly #run: Run;
  readonly #finish: () => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(run: Run, finish: () => Promise<void>) {
    this.#run = run;
    this.#finish = finish;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /**
   * Resolves with the event's generation once it is durable. Rejects with `sealed` if the queue is
   * closed or the log takes nothing more of it.
   */
  async enqueueEvent(event: TaskEvent): Promise<number> {
    const stored = this.#closed ? undefined : await this.#run.append(event);
    if (!stored) throw new BackendError('sealed', 'The task takes no more events from here.');
    return stored.generation;
  }

  /** Everything enqueued is durable, then the run ends; the task stays as it is. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }
}

/** A reader of a task's events, in order, each once, from the moment it was opened. */
export class EventTap implements AsyncIterable<Delivery> {
  readonly #tap: Tap;
  readonly #close: () => void;

  constructor(opened: ReturnType<OpenLog['tap']>, closed: () => void) {
    this.#tap = opened.tap;
    this.#close = () => {
      opened.close();
      closed();
    };
  }

  /** Ends the iteration. Idempotent. */
  close(): void {
    this.#close();
  }

  /** Ends when the task ends, or waits for input with nobody working on it, or at {@link close}. */
  async *[Symbol.asyncIterator](): AsyncIterator<Delivery> {
    try {
      for (let step = await this.#tap.next(); step; step = await this.#tap.next()) {
        for (const delivery of step.deliveries) {
          yield delivery;
          if (delivery.final) return;
        }
      }
    } finally {
      this.close();
    }
  }
}
