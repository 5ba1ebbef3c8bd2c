import { type Clock, elapsed } from '../ports/clock.ts';
import type { OpenLog } from './open-log.ts';

/** Reads under way at once. */
const WIDTH = 32;

export interface ReconcilerDeps {
  readonly clock: Clock;
  /** Reads a log, and does what follows. Never rejects. */
  readonly read: (open: OpenLog) => Promise<void>;
}

/** Reads the open logs that nobody has read for a while: one read a log, not a tap. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  readonly #reading = new Set<OpenLog>();
  /** The next to be read stands last. */
  #due: OpenLog[] = [];

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /**
   * Begins to read what went unread for its interval, in milliseconds; who has waited longest goes
   * first, so that each has its turn.
   */
  reconcileDueLogs(logs: Iterable<OpenLog>, interval: (open: OpenLog) => number): void {
    const now = this.#deps.clock.now();
    this.#due = [...logs]
      .filter((open) => !this.#reading.has(open) && !open.log.state.sealed)
      .filter((open) => elapsed(open.readAtMs, now) >= interval(open))
      .sort((a, b) => b.readAtMs - a.readAtMs);
    this.#pump();
  }

  /** Begins no read any more. */
  stop(): void {
    this.#due = [];
  }

  #pump(): void {
    while (this.#reading.size < WIDTH) {
      const open = this.#due.pop();
      if (!open) return;
      if (open.isUsed) void this.#read(open);
    }
  }

  async #read(open: OpenLog): Promise<void> {
    this.#reading.add(open);
    await this.#deps.read(open);
    this.#reading.delete(open);
    this.#pump();
  }
}
