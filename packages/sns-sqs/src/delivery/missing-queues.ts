import { elapsed } from '@a2a-aws/core/internal';

interface Missing {
  /** True for a live instance, which will get another queue. */
  readonly isAlive: boolean;
  readonly since: number;
  readonly last: number;
}

/** A queue missing for longer than this was not just created: SQS needs a second (Amazon SQS, "CreateQueue"). */
const GONE_AFTER_MS = 5_000;
/** How often to try a missing queue again, in milliseconds. */
const RETRY_MS = 600_000;
/** The same for a live instance. */
const ALIVE_RETRY_MS = 2_000;
/** How many queues to remember. Beyond it, the ones missing first are tried again. */
const MAX_QUEUES = 1_000;

/** Remembers which queues are gone, so that no message is sent to instances that ended without notice. */
export class MissingQueues {
  readonly #missing = new Map<string, Missing>();

  /** Records that SQS does not know the queue, at `now` by this instance's clock, in milliseconds. */
  missed(instance: string, isAlive: boolean, now: number): void {
    const { since } = this.#missing.get(instance) ?? { since: now };
    this.#missing.delete(instance);
    this.#missing.set(instance, { isAlive, since, last: now });
    for (const oldest of this.#missing.keys()) {
      if (this.#missing.size <= MAX_QUEUES) return;
      this.#missing.delete(oldest);
    }
  }

  found(instance: string): void {
    this.#missing.delete(instance);
  }

  isGone(instance: string, now: number): boolean {
    const missing = this.#missing.get(instance);
    if (!missing) return false;
    const { isAlive, since, last } = missing;
    if (isAlive) return elapsed(last, now) < ALIVE_RETRY_MS;
    return last - since >= GONE_AFTER_MS && elapsed(last, now) < RETRY_MS;
  }
}
