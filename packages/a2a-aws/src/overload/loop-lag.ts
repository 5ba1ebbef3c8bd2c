import type { Clock } from '@a2a-aws/core';

/** The time between two measurements, in milliseconds. */
const INTERVAL_MS = 200;
/** The number of measurements that must be late. */
const WINDOW = 2;

/** Measures how late the timers of a clock are. It sets no timer unless it is asked to measure. */
export class LoopLag {
  readonly #clock: Clock;
  #lags: number[] = [];
  #dueAtMs = 0;
  #isMeasuring = false;
  #cancelTimer = (): void => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The lag of the last two measurements, in milliseconds: the least of them, so that one long turn of the
   * event loop does not count. 0 until there are two.
   */
  get milliseconds(): number {
    // A timer that is overdue is the next measurement, which may become larger.
    const overdue = this.#isMeasuring ? this.#clock.now() - this.#dueAtMs : 0;
    return Math.max(leastOf(this.#lags), leastOf([...this.#lags, overdue]));
  }

  /** Measures until `isNeeded` returns false after a measurement. Then the measurements are forgotten. */
  measureWhile(isNeeded: () => boolean): void {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    this.#measure(isNeeded);
  }

  /** Ends a measurement and forgets all: a timer would keep the process alive. */
  stop(): void {
    this.#cancelTimer();
    this.#isMeasuring = false;
    this.#lags = [];
  }

  #measure(isNeeded: () => boolean): void {
    this.#dueAtMs = this.#clock.now() + INTERVAL_MS;
    this.#cancelTimer = this.#clock.after(INTERVAL_MS, () => {
      const lag = Math.max(0, this.#clock.now() - this.#dueAtMs);
      this.#lags = [...this.#lags, lag].slice(-WINDOW);
      this.#isMeasuring = isNeeded();
      if (this.#isMeasuring) this.#measure(isNeeded);
      else this.#lags = [];
    });
  }
}

/** Returns the least of the last measurements; 0 if there are too few. */
function leastOf(lags: readonly number[]): number {
  return lags.length < WINDOW ? 0 : Math.max(0, Math.min(...lags.slice(-WINDOW)));
}
