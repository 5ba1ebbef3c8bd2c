import type { Sliced } from '../model/sliced.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * The work of one slice, in bytes of records that are parsed and folded: about ten milliseconds on
 * a slow processor. An event loop must turn at least every 50 ms.
 */
const SLICE = 128 * 1024;

/** Runs the slices of all long work on one clock, one for each turn of the event loop. */
class Turns {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves in a later turn of the event loop, alone. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#clock.after(0, () => {
      this.#scheduled = false;
      this.#waiting.shift()?.();
      this.#schedule();
    });
  }
}

const turns = new WeakMap<Clock, Turns>();

/**
 * Divides long work into slices, so that timers, requests and lease renewals run in between. Slices
 * are measured by the work done, not by time, so a replayed schedule is divided the same way.
 */
export class Pace {
  readonly #turns: Turns;
  #spent = 0;

  constructor(clock: Clock) {
    let shared = turns.get(clock);
    if (!shared) {
      shared = new Turns(clock);
      turns.set(clock, shared);
    }
    this.#turns = shared;
  }

  /**
   * Counts work that was done, in bytes of records. Returns `undefined`, or a promise to await when
   * a slice is full. Shared state may have changed when it resolves.
   */
  spent(bytes: number): Promise<void> | undefined {
    this.#spent += bytes;
    return this.#spent < SLICE ? undefined : this.turn();
  }

  /** Resolves in a later turn of the event loop, which begins a slice. */
  turn(): Promise<void> {
    this.#spent = 0;
    return this.#turns.next();
  }
}

/**
 * Does the work in slices on this clock; other work runs in between. The result of more than a slice is
 * returned in a turn of its own, because a large result is expensive to use.
 */
export async function inSlices<T>(work: Sliced<T>, on: Clock | Pace): Promise<T> {
  const pace = on instanceof Pace ? on : new Pace(on);
  let isLong = false;
  for (;;) {
    const { done, value } = work.next();
    if (done) {
      if (isLong) await pace.turn();
      return value;
    }
    const turn = pace.spent(value);
    if (turn) {
      isLong = true;
      await turn;
    }
  }
}
