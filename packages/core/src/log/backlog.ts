import { getHeapStatistics } from 'node:v8';

/**
 * The bytes that one waiting proposal holds besides its entries' JSON. This is a low estimate: the
 * decoded entry, promises and closures take about twice as much (measured).
 */
const PROPOSAL_BYTES = 1024;

/** Upper bound on the bytes that wait to be written, per instance. */
const MAX_BYTES = 128 * 1024 * 1024;
/**
 * The share of a small heap that waiting bytes may take. They take about twice as much as is
 * counted.
 */
const HEAP_SHARE = 1 / 8;

/** Returns how many bytes may wait on an instance whose heap may grow to `heapBytes`. */
export function backlogLimit(heapBytes: number = getHeapStatistics().heap_size_limit): number {
  return Math.min(MAX_BYTES, Math.floor(heapBytes * HEAP_SHARE));
}

/** Counts the bytes that wait to be written, or pushed, for one task and for the whole instance. */
export class Backlog {
  readonly #limit: number;
  readonly #whole: Backlog | undefined;
  #bytes = 0;

  /** `limit`: bytes. */
  constructor(limit: number = backlogLimit(), whole?: Backlog) {
    this.#limit = limit;
    this.#whole = whole;
  }

  /**
   * Returns the backlog of one task. It may have half of the limit, so it cannot block all others.
   */
  ofTask(): Backlog {
    return new Backlog(this.#limit / 2, this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Share of the limit in use, 0 to 1. */
  get fullness(): number {
    return Math.min(1, this.#bytes / this.#limit);
  }

  /** Returns true if a proposal whose entries have this many bytes of JSON may wait, too. */
  hasRoomFor(entryBytes: number): boolean {
    const fits = this.#bytes + PROPOSAL_BYTES + entryBytes <= this.#limit;
    return fits && (this.#whole?.hasRoomFor(entryBytes) ?? true);
  }

  add(entryBytes: number): void {
    this.#count(PROPOSAL_BYTES + entryBytes);
  }

  remove(entryBytes: number): void {
    this.#count(-PROPOSAL_BYTES - entryBytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#whole) this.#whole.#count(bytes);
  }
}
