import { getHeapStatistics } from 'node:v8';

/**
 * Bytes that one waiting proposal holds besides its entries' JSON, counted low: with the decoded
 * entry, promises and closures it is about twice what is counted (measured).
 */
const PROPOSAL_BYTES = 1024;

/** More is never waiting in one instance. */
const MAX_BYTES = 128 * 1024 * 1024;
/** Of the heap, where that is small: what is counted takes twice as much. */
const HEAP_SHARE = 1 / 8;

/** How much may wait to be written in all of an instance whose heap may grow to so many bytes. */
export function backlogLimit(heapBytes: number = getHeapStatistics().heap_size_limit): number {
  return Math.min(MAX_BYTES, Math.floor(heapBytes * HEAP_SHARE));
}

/** What waits to be written, or pushed: of one task, as a part of what waits in all of its instance. */
export class Backlog {
  readonly #limit: number;
  readonly #whole: Backlog | undefined;
  #bytes = 0;

  /** `limit`: bytes. */
  constructor(limit: number = backlogLimit(), whole?: Backlog) {
    this.#limit = limit;
    this.#whole = whole;
  }

  /** What one task may have waiting: no single one keeps all others from writing. */
  ofTask(): Backlog {
    return new Backlog(this.#limit / 2, this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How much of what may wait does: 0 to 1. */
  get fullness(): number {
    return Math.min(1, this.#bytes / this.#limit);
  }

  /** True if a proposal whose entries have so many bytes of JSON may wait, too. */
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
