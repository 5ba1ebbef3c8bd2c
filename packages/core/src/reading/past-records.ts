import { countEvents, type LogRecord } from '../model/record.ts';
import { compareSlots, nextSlot, type Slot, slotText } from '../model/slot.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { TaskKey } from '../task-key.ts';
import { RECENT_BYTES } from './recent-records.ts';

/** The reader of one tap. One call at a time. */
export interface PastReader {
  /** Resolves with the record at the slot; `undefined` if the table does not hold it. */
  at(slot: Slot): Promise<LogRecord | undefined>;
  /** Ends the part in which the tap is behind. A later {@link at} begins another one. */
  leave(): void;
}

/**
 * The records of one log that taps read again, because they are no longer kept in memory. Taps at the same
 * place share one read of the table, and the last records that were read serve those that come a little
 * later. A tap elsewhere has a read of its own, so no tap waits for another, and memory stays bounded (I8).
 */
export class PastRecords {
  readonly #key: TaskKey;
  readonly #storage: LogStorage;
  /** The open reads by the slot of their next record. */
  readonly #reads = new Map<string, PastRead>();
  readonly #kept = new Map<string, LogRecord>();
  #keptBytes = 0;
  #readers = 0;

  constructor(key: TaskKey, storage: LogStorage) {
    this.#key = key;
    this.#storage = storage;
  }

  /** Returns a reader for one tap. */
  reader(): PastReader {
    let isBehind = false;
    let read: PastRead | undefined;
    const use = (other: PastRead | undefined): void => {
      if (other === read) return;
      if (other) other.users += 1;
      if (read) this.#release(read);
      read = other;
    };
    return {
      at: async (slot) => {
        if (!isBehind) this.#readers += 1;
        isBehind = true;
        for (;;) {
          const kept = this.#kept.get(slotText(slot));
          if (kept) return kept;
          const isOpen = this.#reads.has(slotText(slot));
          use(this.#reads.get(slotText(slot)) ?? this.#open(slot));
          const record = await read?.next();
          if (record || !isBehind || !isOpen) return record;
        }
      },
      leave: () => {
        use(undefined);
        if (isBehind) this.#readers -= 1;
        isBehind = false;
        if (this.#readers === 0) this.#clear();
      },
    };
  }

  #open(slot: Slot): PastRead {
    const records = this.#storage.readRecords(this.#key, slot)[Symbol.asyncIterator]();
    const read = new PastRead(slot, records, (before, record) => {
      this.#forget(read, before);
      // A read that has come to the place of another one ends with its last reader.
      if (record && read.users > 0 && !this.#reads.has(slotText(read.slot))) {
        this.#reads.set(slotText(read.slot), read);
      }
      if (record && this.#readers > 0) this.#keep(record);
    });
    this.#reads.set(slotText(slot), read);
    return read;
  }

  #release(read: PastRead): void {
    read.users -= 1;
    if (read.users > 0) return;
    this.#forget(read, read.slot);
    read.close();
  }

  #forget(read: PastRead, slot: Slot): void {
    if (this.#reads.get(slotText(slot)) === read) this.#reads.delete(slotText(slot));
  }

  #keep(record: LogRecord): void {
    const slot = slotText(record.slot);
    if (this.#kept.has(slot)) return;
    this.#kept.set(slot, record);
    this.#keptBytes += record.body.length;
    for (const [at, oldest] of this.#kept) {
      if (this.#keptBytes <= RECENT_BYTES || this.#kept.size === 1) break;
      this.#kept.delete(at);
      this.#keptBytes -= oldest.body.length;
    }
  }

  #clear(): void {
    this.#kept.clear();
    this.#keptBytes = 0;
  }
}

/** Called with the slot that was read, and with its record, if the read goes on. */
type OnRead = (before: Slot, record: LogRecord | undefined) => void;

/** One read of the table, which its taps pull together. */
class PastRead {
  /** The number of taps that use it. */
  users = 0;
  readonly #records: AsyncIterator<LogRecord>;
  readonly #onRead: OnRead;
  #slot: Slot;
  #pulling: Promise<LogRecord | undefined> | undefined;

  constructor(slot: Slot, records: AsyncIterator<LogRecord>, onRead: OnRead) {
    this.#slot = slot;
    this.#records = records;
    this.#onRead = onRead;
  }

  /** The slot of the next record. */
  get slot(): Slot {
    return this.#slot;
  }

  /** Resolves with the next record; `undefined` if the read is over, or was closed. */
  next(): Promise<LogRecord | undefined> {
    this.#pulling ??= this.#pull().finally(() => {
      this.#pulling = undefined;
    });
    return this.#pulling;
  }

  close(): void {
    // A read that fails has told its readers.
    this.#records.return?.().catch(() => {});
  }

  async #pull(): Promise<LogRecord | undefined> {
    const before = this.#slot;
    let record: LogRecord | undefined;
    try {
      const { value, done } = await this.#records.next();
      // Records are missing, or the read is older than records that came from memory since.
      if (!done && compareSlots(value.slot, before) === 0) record = value;
      if (record) this.#slot = nextSlot(before, countEvents(record.entries));
      return record;
    } finally {
      this.#onRead(before, record);
    }
  }
}
