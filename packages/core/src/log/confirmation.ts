import { createHash, type Hash } from 'node:crypto';
import type { LogRecord } from '../model/record.ts';
import { compareSlots, FIRST_SLOT, type Slot, slotText } from '../model/slot.ts';

/**
 * Tracks how far the table is known to hold the fold. Records that only doorbells have brought are
 * added to a digest in slot order, which takes the same memory for any number of them.
 */
export class Confirmation {
  #slot: Slot = FIRST_SLOT;
  #brought = new RecordDigest();

  /** Everything before this slot was read from the table, or written to it, by this instance. */
  get slot(): Slot {
    return this.#slot;
  }

  /** Returns true if {@link slot} is `next`. */
  isWhole(next: Slot): boolean {
    return compareSlots(this.#slot, next) === 0;
  }

  /** Counts a record that was folded; `next` is the slot after it. */
  add(record: LogRecord, next: Slot, isFromTable: boolean): void {
    if (isFromTable && this.isWhole(record.slot)) this.#slot = next;
    else this.#brought.add(record);
  }

  /** Returns true if these are the records that doorbells have brought. */
  matches(read: RecordDigest): boolean {
    return this.#brought.value === read.value;
  }

  /** Notes that the table holds every record before `next`. */
  confirm(next: Slot): void {
    this.#slot = next;
    this.#brought = new RecordDigest();
  }
}

/** Identifies a sequence of records. */
export class RecordDigest {
  /** Made for the first record: an instance may have thousands of logs open. */
  #hash: Hash | undefined;

  add({ id, instance, time, slot, body }: LogRecord): void {
    this.#hash ??= createHash('sha256');
    this.#hash.update(JSON.stringify([id, instance, time, slotText(slot), body.length]));
    // UTF-8 has one encoding for all unpaired surrogates, so it would not distinguish them.
    this.#hash.update(body, 'utf16le');
  }

  /** The digest so far; records may follow. */
  get value(): string {
    return (this.#hash?.copy() ?? createHash('sha256')).digest('base64url');
  }
}
