/**
 * Time and timers, injected so that a failing schedule can be replayed in virtual time.
 *
 * The clocks of two machines are never compared: `now` is for timestamps, and for intervals on this
 * machine.
 */
export interface Clock {
  /** Returns milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** Node's maximum timer delay in milliseconds; a longer one fires immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    if (ms > LONGEST_TIMER_MS) {
      let cancel = systemClock.after(LONGEST_TIMER_MS, () => {
        cancel = systemClock.after(ms - LONGEST_TIMER_MS, callback);
      });
      return () => cancel();
    }
    if (ms <= 0) {
      // A timer of zero milliseconds waits for one millisecond.
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Returns the milliseconds elapsed since `then`; `Infinity` if the clock has been set back, because
 * the real duration is unknown.
 */
export function elapsed(then: number, now: number): number {
  return now < then ? Number.POSITIVE_INFINITY : now - then;
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/**
 * Settles as `work` does, or resolves with `undefined` after `ms` milliseconds; `work` itself
 * continues.
 */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  work: Promise<T>,
): Promise<T | undefined> {
  let cancel = (): void => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.after(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
