import { type Clock, elapsed } from '../ports/clock.ts';
import type { OpenLog } from './open-log.ts';

/** The largest number of simultaneous reads. */
const WIDTH = 32;

export interface MissedDoorbellsDeps {
  readonly clock: Clock;
  /** Reads a log and handles its news. Never rejects. */
  readonly read: (open: OpenLog) => Promise<void>;
}

/**
 * Makes up for doorbells that were lost: reads the open logs that have not been read for a while, once
 * per log and not per tap.
 */
export class MissedDoorbells {
  readonly #deps: MissedDoorbellsDeps;
  readonly #reading = new Set<OpenLog>();
  /** The logs that are due; the next one is last. */
  #due: OpenLog[] = [];

  constructor(deps: MissedDoorbellsDeps) {
    this.#deps = deps;
  }

  /**
   * Starts to read the logs that went unread for their interval, in milliseconds. The log that has
   * waited longest comes first, so that each has its turn.
   */
  readDueLogs(logs: Iterable<OpenLog>, interval: (open: OpenLog) => number): void {
    const now = this.#deps.clock.now();
    this.#due = [...logs]
      .filter((open) => !this.#reading.has(open) && !open.log.state.sealed)
      .filter((open) => elapsed(open.readAtMs, now) >= interval(open))
      .sort((a, b) => b.readAtMs - a.readAtMs);
    this.#pump();
  }

  /** Starts no more reads. */
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
