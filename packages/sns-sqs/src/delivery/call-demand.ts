import { elapsed, RateMeter } from '@a2a-aws/core/internal';

/**
 * The messages about one task count at most once in this time, so that a single fast task delays
 * none of them. Milliseconds.
 */
const COUNT_MS = 20;
/** Only so many tasks are told apart in this time: that is enough for the longest delay. */
const MAX_TASKS = 64;

/** Counts the messages of one route that would each need a call of their own. */
export class CallDemand {
  readonly #rate = new RateMeter();
  /** The tasks that were counted since `#sinceMs`. */
  readonly #counted = new Set<string>();
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** Counts a message at this time in milliseconds. */
  count(nowMs: number, task: string | undefined): void {
    if (elapsed(this.#sinceMs, nowMs) >= COUNT_MS) {
      this.#counted.clear();
      this.#sinceMs = nowMs;
    }
    if (task !== undefined) {
      if (this.#counted.has(task)) return;
      if (this.#counted.size < MAX_TASKS) this.#counted.add(task);
    }
    this.#rate.count(nowMs);
  }

  /** Returns the count of the last second, before this time in milliseconds. */
  perSecond(nowMs: number): number {
    return this.#rate.perSecond(nowMs);
  }
}
