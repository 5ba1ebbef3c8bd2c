import { type AppliedRecord, Fold } from '../model/fold.ts';
import type { LogRecord } from '../model/record.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { DecodedSnapshot } from '../model/snapshot.ts';
import type { LogState } from '../model/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { Confirmation, RecordDigest } from './confirmation.ts';
import { Listeners } from './listeners.ts';
import type { LogTarget } from './log-reader.ts';

export interface LogFoldDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when doorbells had brought records that the table does not hold. */
  readonly diverged?: (() => void) | undefined;
}

/** The part of a log that a reader folds after the last snapshot. */
export interface Tail {
  /** The size of the records' bodies. */
  readonly bytes: number;
  readonly records: number;
  /** When its oldest record was written, in milliseconds since the epoch; 0 if it is empty. */
  readonly since: number;
}

/**
 * The fold of one log on this instance. It takes records from doorbells early, compares them with
 * the table later, and is rebuilt from the table if they differ.
 */
export class LogFold implements LogTarget {
  readonly #deps: LogFoldDeps;
  #fold = new Fold();
  /** How far the table holds the fold. */
  readonly #confirmation = new Confirmation();
  /** The digest of the table's records from {@link Confirmation.slot} on, during a comparison. */
  #comparing: RecordDigest | undefined;
  /** The fold that will replace one that the table does not hold. */
  #rebuilt: Fold | undefined;
  #epoch = 0;
  #pending: string | undefined;
  #tail: Tail = { bytes: 0, records: 0, since: 0 };
  #currentAtMs = 0;
  /**
   * Called for every record, in slot order. `own` is true if this instance wrote it; it is durable
   * then.
   */
  readonly records: Listeners<[applied: AppliedRecord, own: boolean]> = new Listeners();
  /** Called after each entry and each record, while the fold holds exactly the entries so far. */
  readonly entries: Listeners<[state: LogState]> = new Listeners();
  /** Called when {@link epoch} has changed. */
  readonly rebuilds: Listeners<[]> = new Listeners();

  constructor(deps: LogFoldDeps) {
    this.#deps = deps;
  }

  /** The fold now; a rebuild puts another object in its place. */
  get current(): Fold {
    return this.#fold;
  }

  get state(): LogState {
    return this.#fold.state;
  }

  get tail(): Tail {
    return this.#tail;
  }

  /** Increments with each rebuild: readers of an earlier fold were shown records of no log. */
  get epoch(): number {
    return this.#epoch;
  }

  /** When this instance last knew the end of the log, in milliseconds of its clock; 0 for never. */
  get currentAtMs(): number {
    return this.#currentAtMs;
  }

  /** True if the table is known to hold every record of the fold. */
  get isConfirmed(): boolean {
    return !this.#rebuilt && this.#confirmation.isWhole(this.state.next);
  }

  /** True while the fold is compared with the table, or built again from it. */
  get isChecking(): boolean {
    return this.#comparing !== undefined || this.#rebuilt !== undefined;
  }

  get isRebuilding(): boolean {
    return this.#rebuilt !== undefined;
  }

  /** Notes that a read has just found the log as the fold is. */
  markCurrent(): void {
    this.#currentAtMs = this.#deps.clock.now();
  }

  /** Notes the id of the record that this instance is putting; `undefined` if it puts none. */
  expect(id: string | undefined): void {
    this.#pending = id;
  }

  /** Subtracts the part of the tail that a stored snapshot has replaced. */
  rebase({ bytes, records }: Pick<Tail, 'bytes' | 'records'>): void {
    this.#tail = {
      bytes: this.#tail.bytes - bytes,
      records: this.#tail.records - records,
      since: this.#deps.clock.now(),
    };
  }

  /** Applies the record if it is the next one. Returns false if records before it are missing. */
  take(record: LogRecord, isFromTable: boolean): boolean {
    // Records after a deletion are not visible.
    if (this.state.deleted) return true;
    const order = compareSlots(record.slot, this.state.next);
    if (order === 0) this.#apply(record, isFromTable);
    return order <= 0;
  }

  next(): Slot {
    return (this.#rebuilt ?? this.#fold).state.next;
  }

  begin(compares: boolean): Slot {
    this.#comparing = compares && !this.isConfirmed ? new RecordDigest() : undefined;
    return this.#comparing ? this.#confirmation.slot : this.state.next;
  }

  absorb(record: LogRecord): boolean {
    if (this.#rebuilt) {
      const { state } = this.#rebuilt;
      const order = state.deleted ? -1 : compareSlots(record.slot, state.next);
      if (order === 0) this.#rebuilt.apply(record);
      return order <= 0;
    }
    if (!this.#comparing) return this.take(record, true);
    if (compareSlots(record.slot, this.state.next) < 0) {
      this.#comparing.add(record);
      return true;
    }
    // Nothing is applied on top of a difference; compared() reports it at the end of the read.
    return !this.#matches() || this.take(record, true);
  }

  compared(): boolean {
    const isSame = this.#matches();
    this.#comparing = undefined;
    return isSame;
  }

  restart(): void {
    this.#rebuilt = new Fold();
  }

  done(isGone: boolean): void {
    const rebuilt = this.#rebuilt;
    if (!rebuilt) return;
    this.#rebuilt = undefined;
    this.#fold = rebuilt;
    this.#confirmation.confirm(rebuilt.state.next);
    this.#epoch += 1;
    this.#tail = { bytes: 0, records: 0, since: rebuilt.state.writtenAtMs };
    if (!rebuilt.state.deleted && !isGone) {
      this.#deps.logger.error('log.diverged');
      this.#deps.diverged?.();
    }
    this.rebuilds.call();
    this.entries.call(rebuilt.state);
  }

  restore(snapshot: DecodedSnapshot): void {
    if (this.#rebuilt) {
      this.#rebuilt.restore(snapshot);
      return;
    }
    this.#fold.restore(snapshot);
    this.#confirmation.confirm(this.state.next);
    this.#tail = { ...this.#tail, since: this.state.writtenAtMs };
  }

  /**
   * Returns true, and ends the comparison, if the table holds the records that doorbells have
   * brought.
   */
  #matches(): boolean {
    if (!this.#comparing) return true;
    if (!this.#confirmation.matches(this.#comparing)) return false;
    this.#comparing = undefined;
    this.#confirmation.confirm(this.state.next);
    return true;
  }

  #apply(record: LogRecord, isFromTable: boolean): void {
    this.markCurrent();
    const { bytes, records, since } = this.#tail;
    this.#tail = {
      bytes: bytes + record.body.length,
      records: records + 1,
      since: since === 0 ? record.time : since,
    };
    const own = record.id === this.#pending;
    const applied = this.#fold.apply(record, this.#onEntry);
    this.#confirmation.add(record, applied.state.next, isFromTable);
    this.records.call(applied, own);
  }

  readonly #onEntry = (state: LogState): void => this.entries.call(state);
}
