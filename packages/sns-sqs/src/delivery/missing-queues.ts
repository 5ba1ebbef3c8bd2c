import { elapsed } from '@a2a-aws/core';

interface Missing {
  /** The instance lives: it will have another queue. */
  readonly isAlive: boolean;
  readonly since: number;
  readonly last: number;
}

/** A queue that is missing for longer was not just made: SQS needs a second (Amazon SQS, "CreateQueue"). */
const GONE_AFTER_MS = 5_000;
/** How often one that is gone is tried all the same, in milliseconds. */
const RETRY_MS = 600_000;
/** The same for an instance that lives. */
const ALIVE_RETRY_MS = 2_000;
/** Queues that are remembered; of more, those that were missing first are tried again. */
const MAX_QUEUES = 1_000;

/** Which queues are gone, so that nothing is sent to instances whose end nobody told of. */
export class MissingQueues {
  readonly #missing = new Map<string, Missing>();

  /** SQS said that there is none; `now` in milliseconds of this instance's clock. */
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
