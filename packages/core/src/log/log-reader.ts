import { BackendError } from '../errors.ts';
import { ENTRY_COST, type LogRecord } from '../model/record.ts';
import { isHeadExpired } from '../model/retention.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import { type DecodedSnapshot, decodeSnapshot } from '../model/snapshot.ts';
import type { StoredSnapshot } from '../model/stored-snapshot.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogStorage, StoredLog } from '../ports/log-storage.ts';
import type { TaskKey } from '../task-key.ts';
import { inSlices, Pace } from './pace.ts';

/** The number of times that the whole log is read while records are missing. */
const MAX_READS = 3;

export interface LogReaderDeps {
  readonly storage: LogStorage;
  readonly clock: Clock;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
}

/** Takes the records that are read. */
export interface LogTarget {
  /** Returns the slot of the record that it needs next. */
  next(): Slot;
  /**
   * Returns the slot to read on from. If `compares`, the read records are compared with those that
   * doorbells have brought, until {@link compared}.
   */
  begin(compares: boolean): Slot;
  /**
   * Takes the record at `next`, or an earlier one. Returns false if records before it are missing.
   */
  absorb(record: LogRecord): boolean;
  /**
   * Ends the comparison. Returns false if doorbells had brought records that the table does not
   * hold.
   */
  compared(): boolean;
  /** Starts over: the log is read again from its beginning. */
  restart(): void;
  /**
   * Must be called when the log was read to its end. `isGone`: it has expired, and deletion has
   * begun.
   */
  done(isGone: boolean): void;
  /** Takes a snapshot in place of all records before its slot. */
  restore(snapshot: DecodedSnapshot): void;
}

/** Reads one task's log into a fold: first the whole log, then only the records since. */
export class LogReader {
  readonly #key: TaskKey;
  readonly #target: LogTarget;
  readonly #deps: LogReaderDeps;
  readonly #pace: Pace;
  #isGone = false;
  #isRead = false;
  #headSlot: Slot | undefined;
  #reading: Promise<void> | undefined;
  #readAgain: Promise<void> | undefined;
  #comparesAgain = false;

  constructor(key: TaskKey, target: LogTarget, deps: LogReaderDeps) {
    this.#key = key;
    this.#target = target;
    this.#deps = deps;
    this.#pace = new Pace(deps.clock);
  }

  /** True once the log was read to its end. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /**
   * The slot of the status in the stored head when the log was first read; `undefined` if there was
   * no head.
   */
  get headSlot(): Slot | undefined {
    return this.#headSlot;
  }

  /**
   * True if the log has expired. Deletion removes it piece by piece, so its remains must not be
   * read.
   */
  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Resolves when every record that was durable when this was called has been read. With
   * `compares`, also compares the records that doorbells had brought.
   */
  refresh(compares: boolean): Promise<void> {
    if (!this.#reading) {
      this.#reading = this.#read(compares).finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    // The present read may have passed the slot already: one more read serves all waiting callers.
    this.#comparesAgain ||= compares;
    this.#readAgain ??= this.#reading
      .catch(() => {})
      .then(() => {
        const comparesToo = this.#comparesAgain;
        this.#readAgain = undefined;
        this.#comparesAgain = false;
        return this.refresh(comparesToo);
      });
    return this.#readAgain;
  }

  async #read(compares: boolean): Promise<void> {
    for (let reads = 1; ; reads += 1) {
      if (await this.#readOnce(compares)) {
        this.#isRead = true;
        this.#target.done(this.#isGone);
        return;
      }
      if (reads === MAX_READS) {
        throw new BackendError('corrupt-log', 'Records of the log are missing.');
      }
    }
  }

  /** Returns false if records are missing. */
  async #readOnce(compares: boolean): Promise<boolean> {
    if (this.#isGone) return true;
    // Only the head shows at once that the log has expired.
    if (!this.#isRead) return this.#load();
    const target = this.#target;
    if (!(await this.#readOn(target.begin(compares)))) return false;
    if (target.compared()) return true;
    this.#isRead = false;
    target.restart();
    return this.#load();
  }

  async #readOn(from: Slot): Promise<boolean> {
    for await (const record of this.#deps.storage.readRecords(this.#key, from)) {
      if (!this.#target.absorb(record)) return false;
      await this.#folded(record);
    }
    return true;
  }

  async #restore({ slot, bytes }: StoredSnapshot): Promise<void> {
    const decoded = await inSlices(decodeSnapshot(bytes), this.#pace);
    // A doorbell may have brought these records before, or while the snapshot was decoded.
    if (compareSlots(this.#target.next(), slot) < 0) this.#target.restore(decoded);
  }

  /**
   * Lets other work run after a slice. Records that it appends or absorbs are skipped here by their
   * slots.
   */
  #folded({ body, entries }: LogRecord): Promise<void> | undefined {
    return this.#pace.spent(body.length + entries.length * ENTRY_COST);
  }

  async #load(): Promise<boolean> {
    const { storage, clock, retentionMs } = this.#deps;
    const { head, snapshot, records } = await storage.load(this.#key);
    this.#headSlot = head?.slot;
    if (head && isHeadExpired(head, clock.now(), retentionMs)) {
      this.#isGone = true;
      return true;
    }
    if (snapshot) await this.#restore(snapshot);
    let isWhole = true;
    let last: LogRecord | undefined;
    for await (const record of records) {
      last = record;
      isWhole &&= this.#target.absorb(record);
      await this.#folded(record);
    }
    this.#isGone = last !== undefined && this.#isLeftover(last, snapshot, isWhole);
    return isWhole || this.#isGone;
  }

  /** Returns true if these are the remains of a log that has expired or was erased. */
  #isLeftover(last: LogRecord, snapshot: StoredLog['snapshot'], isWhole: boolean): boolean {
    const { clock, retentionMs } = this.#deps;
    const age = clock.now() - last.time;
    if (!isWhole) {
      return age > retentionMs || last.entries.some(({ kind }) => kind === 'deleted');
    }
    // The end of the log may be missing: a live task of this age has a snapshot.
    return !snapshot && age > 2 * retentionMs;
  }
}
