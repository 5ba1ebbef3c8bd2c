import type { Task } from '@a2a-js/sdk';
import { errorCode } from '../errors.ts';
import type { AppliedRecord } from '../model/fold.ts';
import type { Generation } from '../model/generation.ts';
import type { Proposal } from '../model/proposal.ts';
import type { LogRecord } from '../model/record.ts';
import { isExpired } from '../model/retention.ts';
import type { Slot } from '../model/slot.ts';
import type { FoldContent } from '../model/snapshot.ts';
import type { LogState } from '../model/state.ts';
import type { TaskPicture } from '../model/task-picture.ts';
import type { Clock } from '../ports/clock.ts';
import type { TaskKey } from '../task-key.ts';
import { Listeners } from './listeners.ts';
import { LogFold, type Tail } from './log-fold.ts';
import { LogReader } from './log-reader.ts';
import { LogWriter, type LogWriterDeps } from './log-writer.ts';
import { type UntilOptions, until } from './until.ts';
import type { Appended } from './waiting-proposals.ts';

/** The dependencies of a {@link TaskLog}. */
export interface TaskLogDeps extends LogWriterDeps {
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  /** Called when doorbells had brought records that the table does not hold. */
  readonly diverged?: (() => void) | undefined;
}

/**
 * Receives every record that this handle folds, in slot order. Its own records arrive only once
 * they are durable.
 */
export type RecordListener = (applied: AppliedRecord, own: boolean) => void;

/**
 * One task's log on one instance, shared by runs, taps, cancels and the janitor.
 *
 * A record is written at the slot that follows the fold, on condition that the slot is empty. So a
 * success proves that the record was decided on the whole log, and order, seal and fence need no
 * lock and no second item.
 */
export class TaskLog {
  readonly key: TaskKey;
  readonly #deps: TaskLogDeps;
  readonly #fold: LogFold;
  readonly #reader: LogReader;
  /** Exists from the first append on: an instance may only read thousands of logs. */
  #writer: LogWriter | undefined;
  readonly #faults: Listeners<[fault: unknown]> = new Listeners();

  constructor(key: TaskKey, deps: TaskLogDeps) {
    this.key = key;
    this.#deps = deps;
    this.#fold = new LogFold(deps);
    this.#reader = new LogReader(key, this.#fold, deps);
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get state(): LogState {
    return this.#fold.state;
  }

  /** True if the fold contains no record that only doorbells have brought. */
  get isConfirmed(): boolean {
    if (this.#fold.isRebuilding) return false;
    return this.isGone || this.#fold.isConfirmed;
  }

  /**
   * Increments when doorbells had brought records that the table does not hold. See
   * {@link LogFold.epoch}.
   */
  get epoch(): number {
    return this.#fold.epoch;
  }

  /** The generation of the last event in the fold. */
  get generation(): Generation {
    return this.#fold.current.generation;
  }

  /** Returns a copy of the Task as of {@link state}; `undefined` before the first Task event. */
  task(): Task | undefined {
    return this.#fold.current.task();
  }

  /**
   * Returns the Task as of {@link state} without a copy; `undefined` before the first Task event.
   */
  picture(): TaskPicture | undefined {
    return this.#fold.current.picture();
  }

  /** Returns the whole fold as of {@link state}, without a copy. */
  content(): FoldContent {
    return this.#fold.current.content();
  }

  /**
   * True if deletion has begun to remove the log because it has expired. See
   * {@link LogReader.isGone}.
   */
  get isGone(): boolean {
    return this.#reader.isGone;
  }

  /** True if the task is not visible any more: deleted, or ended or last worked on too long ago. */
  isExpired(): boolean {
    const { clock, retentionMs } = this.#deps;
    return this.isGone || this.state.deleted || isExpired(this.state, clock.now(), retentionMs);
  }

  get tail(): Tail {
    return this.#fold.tail;
  }

  /** Subtracts the part of the {@link tail} that a stored snapshot has replaced. */
  rebase(replaced: Pick<Tail, 'bytes' | 'records'>): void {
    this.#fold.rebase(replaced);
  }

  /** The bytes that wait to be written, approximately. */
  get backlog(): number {
    return this.#writer?.backlog ?? 0;
  }

  /** Calls back for each record from now on, until the returned function is called. */
  listen(listener: RecordListener): () => void {
    return this.#fold.records.add(listener);
  }

  /** Calls back after each entry and each record, while the fold holds exactly the entries so far. */
  listenEntries(listener: (state: LogState) => void): () => void {
    return this.#fold.entries.add(listener);
  }

  /**
   * Calls back whenever the log turns out to be unreadable, until the returned function is called.
   */
  listenFaults(listener: (fault: unknown) => void): () => void {
    return this.#faults.add(listener);
  }

  /** Calls back when {@link epoch} has changed, until the returned function is called. */
  listenRebuilds(listener: () => void): () => void {
    return this.#fold.rebuilds.add(listener);
  }

  /**
   * Resolves with the first result of `pick` that is not `undefined`. `pick` is called now, and
   * then as {@link listenEntries} calls back. Resolves with `undefined` when `signal` aborts or the
   * time has passed. Rejects with `corrupt-log` if the log turns out to be unreadable.
   */
  until<T>(
    pick: (state: LogState) => T | undefined,
    options: UntilOptions,
  ): Promise<T | undefined> {
    return until(this, pick, options);
  }

  /** The slot of the status in the stored head when the log was first read, if there was a head. */
  get headSlot(): Slot | undefined {
    return this.#reader.headSlot;
  }

  /** True once the log was read: until then its state may lack records that were long durable. */
  get isRead(): boolean {
    return this.#reader.isRead;
  }

  /**
   * Reads the log: every record that was durable when this was called is in the fold afterwards.
   * Unless `compares` is false, the fold then contains no record that only doorbells have brought.
   * Rejects with `corrupt-log` if three consecutive reads find records missing.
   */
  async refresh(compares = true): Promise<void> {
    try {
      await this.#reader.refresh(compares);
    } catch (error) {
      this.tellFault(error);
      throw error;
    }
    this.#fold.markCurrent();
  }

  /**
   * Takes a record that a doorbell brought. Returns false if the log must be read instead: records
   * before it are missing, or the fold is being decided on, compared or rebuilt.
   */
  absorb(record: LogRecord): boolean {
    const isBusy = this.#writer?.isWriting || this.#fold.isChecking;
    return !isBusy && this.#reader.isRead && this.#fold.take(record, false);
  }

  /** Returns false if {@link append} would reject this many bytes with `backlog-full` now. */
  hasRoomFor(bytes: number): boolean {
    return this.#appender().hasRoomFor(bytes);
  }

  /**
   * Appends the entries that `propose` returns for the log's state, after all earlier proposals.
   * Resolves once they are durable. Rejects with `backlog-full` or `invalid-event`, or with
   * `corrupt-log` if the record at their slot cannot be read. If the instance stops first, rejects
   * with `draining` or the error of the last try; the outcome is then unknown. `mayWait`: no caller
   * waits for it, so it may wait for others to share their record, see {@link recordDelay}.
   */
  append(propose: Proposal, bytes = 0, mayWait = false): Promise<Appended> {
    return this.#appender().append(propose, bytes, mayWait);
  }

  /** Writes all that waits, without a further delay. */
  flush(): void {
    this.#writer?.flush();
  }

  /**
   * Calls the fault listeners if the error is `corrupt-log`, because they would wait forever
   * otherwise.
   */
  tellFault(error: unknown): void {
    if (errorCode(error) === 'corrupt-log') this.#faults.call(error);
  }

  #appender(): LogWriter {
    this.#writer ??= new LogWriter(this, this.#fold, this.#deps);
    return this.#writer;
  }
}
