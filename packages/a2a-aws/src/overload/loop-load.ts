import { performance } from 'node:perf_hooks';
import type { Clock } from '@a2a-aws/core';

/** The time between two measurements, in milliseconds. */
const INTERVAL_MS = 200;
/** The number of measurements that must be late. */
const LATE = 2;
/** The number of measurements that must be busy: three seconds, because a new process is slow at first. */
const BUSY = 15;

/** Measures an event loop. It sets no timer unless it is asked to measure. */
export class LoopLoad {
  readonly #clock: Clock;
  readonly #busyMs: () => number;
  #lags: number[] = [];
  #shares: number[] = [];
  #begun = { atMs: 0, busyMs: 0 };
  #isMeasuring = false;
  #cancelTimer = (): void => {};

  /** `busyMs` returns for how many milliseconds the event loop has not been idle so far. */
  constructor(clock: Clock, busyMs: () => number) {
    this.#clock = clock;
    this.#busyMs = busyMs;
  }

  /**
   * How late timers were in the last two measurements, in milliseconds: the least of them, so that one
   * long turn of the event loop does not count. 0 until there are two.
   */
  get lagMs(): number {
    // A timer that is overdue is the next measurement, which may become larger.
    const overdue = this.#isMeasuring ? this.#clock.now() - this.#begun.atMs - INTERVAL_MS : 0;
    return Math.max(leastOf(this.#lags, LATE), leastOf([...this.#lags, overdue], LATE));
  }

  /**
   * The share of the time in which the event loop was busy, 0 to 1: the least of the measurements of the
   * last three seconds. 0 until these are over.
   */
  get busyShare(): number {
    return leastOf(this.#shares, BUSY);
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
    this.#forget();
  }

  #measure(isNeeded: () => boolean): void {
    this.#begun = { atMs: this.#clock.now(), busyMs: this.#busyMs() };
    this.#cancelTimer = this.#clock.after(INTERVAL_MS, () => {
      this.#note();
      this.#isMeasuring = isNeeded();
      if (this.#isMeasuring) this.#measure(isNeeded);
      else this.#forget();
    });
  }

  #note(): void {
    const tookMs = this.#clock.now() - this.#begun.atMs;
    const busyMs = this.#busyMs() - this.#begun.busyMs;
    this.#lags = [...this.#lags, Math.max(0, tookMs - INTERVAL_MS)].slice(-LATE);
    // The clock may have been set.
    const share = tookMs > 0 ? Math.min(1, busyMs / tookMs) : 0;
    this.#shares = [...this.#shares, share].slice(-BUSY);
  }

  #forget(): void {
    this.#lags = [];
    this.#shares = [];
  }
}

/** Returns for how many milliseconds the event loop of this thread has not been idle so far. */
export function loopBusyMs(): number {
  // The global `performance` cannot tell it while a test framework replaces the timers.
  return performance.eventLoopUtilization().active;
}

/** Returns the least of the last `count` values; 0 if there are fewer. */
function leastOf(values: readonly number[], count: number): number {
  return values.length < count ? 0 : Math.max(0, Math.min(...values.slice(-count)));
}
