import { createHash, type Hash } from 'node:crypto';
import type { LogRecord } from '../model/record.ts';
import { compareSlots, FIRST_SLOT, type Slot, slotText } from '../model/slot.ts';

/**
 * How far a fold is known to be what the table holds. Records that only messages brought are counted
 * into a digest, in slot order, which takes the same memory however many they are.
 */
export class Confirmation {
  #slot: Slot = FIRST_SLOT;
  #brought = new RecordDigest();

  /** Everything before this slot was read from the table, or written to it, by this instance. */
  get slot(): Slot {
    return this.#slot;
  }

  /** True if that is all before `next`. */
  isWhole(next: Slot): boolean {
    return compareSlots(this.#slot, next) === 0;
  }

  /** A record was folded; `next` is the slot after it. */
  add(record: LogRecord, next: Slot, isFromTable: boolean): void {
    if (isFromTable && this.isWhole(record.slot)) this.#slot = next;
    else this.#brought.add(record);
  }

  /** True if these are the records that messages brought. */
  matches(read: RecordDigest): boolean {
    return this.#brought.value === read.value;
  }

  /** All before `next` is in the table. */
  confirm(next: Slot): void {
    this.#slot = next;
    this.#brought = new RecordDigest();
  }
}

/** Tells one sequence of records from another. */
export class RecordDigest {
  readonly #hash: Hash = createHash('sha256');

  add({ id, instance, time, slot, body }: LogRecord): void {
    this.#hash.update(JSON.stringify([id, instance, time, slotText(slot), body.length]));
    // Not as UTF-8: that has one form for all halves of characters.
    this.#hash.update(body, 'utf16le');
  }

  /** May be asked at any time. */
  get value(): string {
    return this.#hash.copy().digest('base64url');
  }
}
