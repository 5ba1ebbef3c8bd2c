import type { Clock } from '@a2a-aws/core';

interface Timer {
  readonly at: number;
  /** Timers of one moment run in the order in which they were set. */
  readonly order: number;
  /** `undefined` once the timer was cancelled or has run. */
  callback: (() => void) | undefined;
}

/** A schedule with more callbacks in one {@link VirtualClock.advance} does not end. */
const MAX_CALLBACKS = 2_000_000;

/**
 * A clock that moves only when a test advances it. Code that waits only for promises runs to its end
 * between any two timers, so that the schedule of timers alone decides what happens.
 *
 * @see TestClock for tests of one part, which need not advance the clock for delays of zero
 */
export class VirtualClock implements Clock {
  /** A binary heap, the earliest timer first. */
  readonly #timers: Timer[] = [];
  #now: number;
  #order = 0;
  #callbacks = 0;

  /** `start`: milliseconds since the epoch. */
  constructor(start = 1_700_000_000_000) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#push(timer);
    return () => {
      timer.callback = undefined;
    };
  }

  /** Milliseconds until the next timer; `undefined` if none is set. */
  get nextMs(): number | undefined {
    const due = this.#live().map(({ at }) => at);
    return due.length > 0 ? Math.min(...due) - this.#now : undefined;
  }

  /** The number of timers that are not due yet. */
  get pending(): number {
    return this.#live().length;
  }

  /** Advances by `ms`. Runs the callbacks that become due in time order, each to its end. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.#play(until, () => false);
    this.#now = until;
  }

  /** Advances until `work` settles, and settles like it. Rejects after `limitMs`. */
  async run<T>(work: Promise<T>, limitMs = 600_000): Promise<T> {
    const end = this.#now + limitMs;
    let done = false;
    const finish = (): void => {
      done = true;
    };
    work.then(finish, finish);
    await this.#play(end, () => done);
    if (!done) throw new Error(`Not done within ${limitMs} virtual milliseconds.`);
    return work;
  }

  /** True while work that needs no timer has not finished. The next timer waits for it. */
  protected get isBusy(): boolean {
    return false;
  }

  #live(): Timer[] {
    return this.#timers.filter(({ callback }) => callback !== undefined);
  }

  /** Runs timers until none is due by then, or `isDone` returns true. */
  #play(until: number, isDone: () => boolean): Promise<void> {
    this.#callbacks = 0;
    return new Promise((resolve, reject) => {
      const next = (): void => {
        if (this.isBusy) {
          setImmediate(next);
          return;
        }
        const due = isDone() ? undefined : this.#pop(until);
        if (!due) {
          resolve();
          return;
        }
        this.#now = due.at;
        this.#callbacks += 1;
        try {
          if (this.#callbacks > MAX_CALLBACKS)
            throw new Error('The schedule does not come to an end.');
          due.callback?.();
        } catch (error) {
          reject(error);
          return;
        }
        // Code that waits only for promises goes first.
        setImmediate(next);
      };
      setImmediate(next);
    });
  }

  /** Returns the earliest timer that is due until then and was not cancelled. */
  #pop(until: number): Timer | undefined {
    for (;;) {
      const [first] = this.#timers;
      if (!first || first.at > until) return undefined;
      const last = this.#timers.pop();
      if (last && this.#timers.length > 0) this.#sink(last);
      if (first.callback) return first;
    }
  }

  #push(timer: Timer): void {
    let at = this.#timers.length;
    this.#timers.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#timers[above] as Timer;
      if (isBefore(parent, timer)) break;
      this.#timers[at] = parent;
      at = above;
    }
    this.#timers[at] = timer;
  }

  /** Puts `timer` at the root and lets it sink to its place. */
  #sink(timer: Timer): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = this.#timers[below];
      if (!left) break;
      const right = this.#timers[below + 1];
      if (right && isBefore(right, left)) below += 1;
      const child = this.#timers[below] as Timer;
      if (isBefore(timer, child)) break;
      this.#timers[at] = child;
      at = below;
    }
    this.#timers[at] = timer;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
