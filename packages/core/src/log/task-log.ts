import type { Task } from '@a2a-js/sdk';
import { BackendError, errorCode } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import { type AppliedRecord, Fold } from '../model/fold.ts';
import type { Proposal, Refusal } from '../model/proposal.ts';
import {
  countEvents,
  type EncodedEntry,
  type LogRecord,
  MAX_BODY_BYTES,
  recordBody,
} from '../model/record.ts';
import { isExpired } from '../model/retention.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { DecodedSnapshot, FoldContent } from '../model/snapshot.ts';
import { applyEntry, type LogState } from '../model/state.ts';
import type { TaskPicture } from '../model/task-picture.ts';
import { type Clock, elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { backoff } from '../retry.ts';
import type { TaskKey } from '../task-key.ts';
import { Backlog } from './backlog.ts';
import { Confirmation, RecordDigest } from './confirmation.ts';
import { LogReader } from './log-reader.ts';

/** What became of a proposal. */
export type Appended =
  /** `generation`: of the last event that was proposed, or of the last one before. */
  { readonly appended: LogState; readonly generation: number } | { readonly refused: Refusal };

/** What a {@link TaskLog} works with. */
export interface TaskLogDeps {
  readonly storage: LogStorage;
  /** Who writes: the instance's id. */
  readonly instance: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Of all tasks here, of which this is one. @default one of its own */
  readonly backlog?: Backlog | undefined;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  /** Called when messages had brought what the table does not hold. */
  readonly diverged?: (() => void) | undefined;
  /** Aborts when this instance stops or has died: nothing is written or repeated after. */
  readonly signal: AbortSignal;
}

/** Hears of every record that this handle folds, in slot order; own ones only once durable. */
export type RecordListener = (step: AppliedRecord, own: boolean) => void;

/** Entries of one record together stay below this many bytes, so that a doorbell can carry it. */
export const MAX_RECORD_BYTES: number = 192 * 1024;
const TOO_LARGE = 'The entries of one append are larger together than a record may be.';
const FULL = 'More is waiting to be written than the limit allows.';

const SEALED = { refused: 'sealed' } as const;

/** A handle that has heard nothing of its log for so long reads before it appends, in milliseconds. */
const FORGOTTEN_MS = 60 * 60_000;

interface Waiting {
  readonly propose: Proposal;
  readonly bytes: number;
  readonly resolve: (outcome: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** What a reader folds after the last snapshot. */
export interface Tail {
  /** Of the records' bodies. */
  readonly bytes: number;
  readonly records: number;
  /** When the oldest of it was written, in milliseconds since the epoch; 0 if there is none. */
  readonly since: number;
}

/** A record to put, and the generation at which each proposal in it ends. */
interface Taken {
  readonly record: LogRecord;
  readonly generations: readonly number[];
}

/**
 * One task's log on one instance: runs, taps, cancels and the janitor share it.
 *
 * A record is written at the slot that follows the fold, on condition that the slot is empty. So a
 * success proves that the log is the fold that the record was decided on: order, seal and fence need
 * no lock and no second item.
 */
export class TaskLog {
  readonly key: TaskKey;
  readonly #deps: TaskLogDeps;
  #fold = new Fold();
  /** How far the fold is what the table holds. */
  readonly #confirmation = new Confirmation();
  /** What the table holds from {@link Confirmation.slot} on, while that is compared. */
  #comparing: RecordDigest | undefined;
  /** The fold that takes the place of one that the table does not hold. */
  #rebuilt: Fold | undefined;
  #epoch = 0;
  readonly #listeners = new Set<RecordListener>();
  readonly #faultListeners = new Set<(fault: unknown) => void>();
  readonly #rebuildListeners = new Set<() => void>();
  readonly #entryListeners = new Set<(state: LogState) => void>();
  readonly #queue: Waiting[] = [];
  readonly #backlog: Backlog;
  #writing = false;
  /** Id of the record that is being put. */
  #pending: string | undefined;
  #tailBytes = 0;
  #tailRecords = 0;
  #tailSince = 0;
  /** When a read or a record last told how the log stands, by the own clock; 0 for never. */
  #heardAt = 0;
  readonly #reader: LogReader;

  constructor(key: TaskKey, deps: TaskLogDeps) {
    this.key = key;
    this.#deps = deps;
    this.#backlog = (deps.backlog ?? new Backlog()).ofTask();
    this.#reader = new LogReader(
      key,
      {
        next: () => (this.#rebuilt ?? this.#fold).state.next,
        begin: (compares) => this.#begin(compares),
        absorb: (record) => this.#absorbRead(record),
        compared: () => this.#compared(),
        restart: () => {
          this.#rebuilt = new Fold();
        },
        done: () => this.#putRebuilt(),
        restore: (snapshot) => this.#restore(snapshot),
      },
      deps,
    );
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get state(): LogState {
    return this.#fold.state;
  }

  /** True if nothing in the fold is known from messages alone. */
  get isConfirmed(): boolean {
    if (this.#rebuilt) return false;
    return this.#reader.isGone || this.#confirmation.isWhole(this.state.next);
  }

  /** Counts how often the fold turned out to be none of the table's: a reader of an earlier one is lost. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Generation of the last event in the fold. */
  get generation(): number {
    return this.#fold.generation;
  }

  /** A copy of the Task as of {@link state}, or nothing before the first Task event. */
  task(): Task | undefined {
    return this.#fold.task();
  }

  /** True if the task is not to be seen any more: deleted, ended or last worked on too long ago. */
  isExpired(): boolean {
    const { clock, retentionMs } = this.#deps;
    return (
      this.#reader.isGone || this.state.deleted || isExpired(this.state, clock.now(), retentionMs)
    );
  }

  get tail(): Tail {
    return { bytes: this.#tailBytes, records: this.#tailRecords, since: this.#tailSince };
  }

  /** Returns the Task as of {@link state} without a copy; `undefined` before the first Task event. */
  picture(): TaskPicture | undefined {
    return this.#fold.picture();
  }

  /** Returns the whole fold as of {@link state}, without a copy. */
  content(): FoldContent {
    return this.#fold.content();
  }

  /** A snapshot is stored that takes the place of this much, all that was there then. */
  rebase({ bytes, records }: Pick<Tail, 'bytes' | 'records'>): void {
    this.#tailBytes -= bytes;
    this.#tailRecords -= records;
    this.#tailSince = this.#deps.clock.now();
  }

  /** About how many bytes wait to be written. */
  get backlog(): number {
    return this.#backlog.bytes;
  }

  /** Calls back for each record from now on, until the returned function is called. */
  listen(listener: RecordListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back after each entry, and each record, while the fold is exactly that up to there. */
  listenEntries(listener: (state: LogState) => void): () => void {
    this.#entryListeners.add(listener);
    return () => this.#entryListeners.delete(listener);
  }

  /** Calls back whenever it turns out that the log cannot be read on, until the returned function is called. */
  listenFaults(listener: (fault: unknown) => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  /** Calls back when {@link epoch} has changed, until the returned function is called. */
  listenRebuilds(listener: () => void): () => void {
    this.#rebuildListeners.add(listener);
    return () => this.#rebuildListeners.delete(listener);
  }

  /** Slot of the status that the stored head had when the log was first read, if there was one. */
  get headSlot(): Slot | undefined {
    return this.#reader.headSlot;
  }

  /** True once the log was read: its state is that of some prefix, not just of nothing. */
  get isRead(): boolean {
    return this.#reader.isRead;
  }

  /**
   * Reads what others have appended: everything that was durable when this was called is in the
   * fold when it resolves, and nothing that is only known from messages, unless `compares` is false.
   * Fails with `corrupt-log` if three readings agree on a hole.
   */
  async refresh(compares = true): Promise<void> {
    try {
      await this.#reader.refresh(compares);
    } catch (error) {
      this.#tellFault(error);
      throw error;
    }
    this.#heardAt = this.#deps.clock.now();
  }

  /**
   * Takes a record that a doorbell brought. False: it must be read, since records before it are
   * missing, or since this handle decides on what it knows, or compares it with the table, now.
   */
  absorb(record: LogRecord): boolean {
    if (this.#writing || this.#comparing || this.#rebuilt || !this.#reader.isRead) return false;
    return this.#take(record, false);
  }

  #take(record: LogRecord, isFromTable: boolean): boolean {
    // What comes after was erased or is none of anybody's business.
    if (this.state.deleted) return true;
    const order = compareSlots(record.slot, this.state.next);
    if (order === 0) this.#apply(record, isFromTable);
    return order <= 0;
  }

  #absorbRead(record: LogRecord): boolean {
    if (this.#rebuilt) {
      const { state } = this.#rebuilt;
      const order = state.deleted ? -1 : compareSlots(record.slot, state.next);
      if (order === 0) this.#rebuilt.apply(record);
      return order <= 0;
    }
    if (!this.#comparing) return this.#take(record, true);
    if (compareSlots(record.slot, this.state.next) < 0) {
      this.#comparing.add(record);
      return true;
    }
    // Nothing is built on what the table does not hold: the end of the reading tells.
    return !this.#matches() || this.#take(record, true);
  }

  #begin(compares: boolean): Slot {
    this.#comparing = compares && !this.isConfirmed ? new RecordDigest() : undefined;
    return this.#comparing ? this.#confirmation.slot : this.state.next;
  }

  /** Ends the comparison if it came to a good end. */
  #matches(): boolean {
    if (!this.#comparing) return true;
    if (!this.#confirmation.matches(this.#comparing)) return false;
    this.#comparing = undefined;
    this.#confirmation.confirm(this.state.next);
    return true;
  }

  #compared(): boolean {
    const isSame = this.#matches();
    this.#comparing = undefined;
    return isSame;
  }

  /** The fold that the table holds takes the place of the other; whoever was shown that one is told. */
  #putRebuilt(): void {
    const rebuilt = this.#rebuilt;
    if (!rebuilt) return;
    this.#rebuilt = undefined;
    this.#fold = rebuilt;
    this.#confirmation.confirm(rebuilt.state.next);
    this.#epoch += 1;
    this.#tailBytes = 0;
    this.#tailRecords = 0;
    this.#tailSince = rebuilt.state.writtenAtMs;
    if (!rebuilt.state.deleted && !this.#reader.isGone) {
      this.#deps.logger.error('log.diverged');
      this.#deps.diverged?.();
    }
    for (const listener of [...this.#rebuildListeners]) listener();
    for (const listener of [...this.#entryListeners]) listener(rebuilt.state);
  }

  /** False if so many bytes more cannot be taken now: {@link append} would reject with `backlog-full`. */
  takes(bytes: number): boolean {
    // What brings no content ends something: it must get through.
    return bytes === 0 || this.#backlog.takes(bytes);
  }

  /**
   * Appends what `propose` makes of the log's state, after all that was proposed before.
   * Resolves once durable. Rejects with `backlog-full` or `invalid-event`, with
   * `corrupt-log` if what is in its place cannot be read, and when the instance stops first with
   * `draining` or what the last try met: then the outcome is unknown.
   */
  append(propose: Proposal, bytes = 0): Promise<Appended> {
    // Each entry was found small enough when it was encoded: several may be more than one may.
    if (!this.takes(bytes)) {
      return Promise.reject(new BackendError('backlog-full', FULL));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ propose, bytes, resolve, reject });
      this.#backlog.add(bytes);
      if (!this.#writing) {
        this.#writing = true;
        void this.#write();
      }
    });
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        if (this.#mustRead()) await this.#readFirst();
        const taken = this.#takeRecord();
        if (taken) await this.#commitOrReject(taken);
      }
    } catch (error) {
      this.#tellFault(error);
      for (const waiting of this.#dequeue(this.#queue.length)) waiting.reject(error);
    } finally {
      this.#writing = false;
    }
  }

  /** Whoever waits for more would wait for ever. */
  #tellFault(error: unknown): void {
    if (errorCode(error) !== 'corrupt-log') return;
    for (const listener of [...this.#faultListeners]) listener(error);
  }

  #isForgotten(): boolean {
    const now = this.#deps.clock.now();
    return this.#heardAt > 0 && elapsed(this.#heardAt, now) >= FORGOTTEN_MS;
  }

  #mustRead(): boolean {
    return this.#isForgotten() || !this.isConfirmed;
  }

  /**
   * What is known from messages alone is no state to decide on. Whoever was away for long may find
   * records expired, and a slot empty that once was taken: what was appended meanwhile, a fence for
   * one, is read first.
   */
  async #readFirst(): Promise<void> {
    const { clock, entropy, signal } = this.#deps;
    const retried = new RetriedStep('log.refresh-failed', this.#deps);
    for (let failures = 0; this.#mustRead() && !signal.aborted; ) {
      try {
        await this.refresh();
        retried.succeeded();
      } catch (error) {
        if (errorCode(error) === 'corrupt-log') throw error;
        failures += 1;
        retried.failed(error);
        await sleep(clock, backoff(failures, entropy), signal);
      }
    }
    if (!this.isConfirmed) throw new BackendError('draining', 'The instance has stopped.');
  }

  /**
   * The next record: the queue's front, each proposal decided on the state that the ones before it
   * leave. It stops before what would be refused, which only a confirmed state may do, and after
   * what seals.
   */
  #takeRecord(): Taken | undefined {
    let state = this.state;
    let bytes = 0;
    let events = 0;
    const entries: EncodedEntry[] = [];
    const generations: number[] = [];
    for (const waiting of this.#queue) {
      // What is left of an expired log is no state to decide on.
      const decision = this.#reader.isGone ? SEALED : waiting.propose(state);
      if ('refused' in decision) {
        if (generations.length > 0) break;
        this.#dequeue(1);
        waiting.resolve({ refused: decision.refused });
        return undefined;
      }
      const size = decision.entries.reduce((sum, entry) => sum + entry.bytes + 1, 0);
      if (generations.length > 0 && bytes + size > MAX_RECORD_BYTES) break;
      if (size + 1 > MAX_BODY_BYTES) {
        this.#dequeue(1);
        waiting.reject(new BackendError('event-too-large', TOO_LARGE));
        return undefined;
      }
      for (const { entry } of decision.entries) {
        state = applyEntry(state, entry, state.next.generation);
      }
      entries.push(...decision.entries);
      bytes += size;
      events += countEvents(decision.entries.map(({ entry }) => entry));
      generations.push(state.next.generation - 1 + events);
      if (state.sealed) break;
    }
    const { clock, entropy, instance } = this.#deps;
    const record: LogRecord = {
      id: entropy.id(),
      instance,
      time: clock.now(),
      slot: this.state.next,
      entries: entries.map((entry) => entry.entry),
      body: recordBody(entries),
    };
    return { record, generations };
  }

  /** What the table will never take is rejected; who waits behind it goes on. */
  async #commitOrReject(taken: Taken): Promise<void> {
    try {
      await this.#commit(taken);
    } catch (error) {
      if (!isRejected(error)) throw error;
      this.#pending = undefined;
      for (const waiting of this.#dequeue(taken.generations.length)) waiting.reject(error);
    }
  }

  /** Puts the record until it is known whether it, or another's record, is at its slot. */
  async #commit(taken: Taken): Promise<void> {
    const { record } = taken;
    const { storage, clock, entropy, signal } = this.#deps;
    this.#pending = record.id;
    let last: unknown;
    const retried = new RetriedStep('log.append-retried', this.#deps);
    for (let failures = 0; ; ) {
      if (signal.aborted) {
        retried.gaveUp();
        throw last ?? new BackendError('draining', 'The instance has stopped.');
      }
      try {
        const outcome = await storage.putRecord(this.key, record);
        retried.succeeded();
        if ('written' in outcome || outcome.taken.id === record.id) {
          this.#confirm(taken);
        } else {
          await this.#yieldTo(outcome.taken);
        }
        return;
      } catch (error) {
        if (isRejected(error) || errorCode(error) === 'corrupt-log') {
          retried.gaveUp();
          throw error;
        }
        // The same bytes again, whatever failed: rebuilt ones could enter the log twice.
        failures += 1;
        last = error;
        retried.failed(error);
        await sleep(clock, backoff(failures, entropy), signal);
      }
    }
  }

  #confirm({ record, generations }: Taken): void {
    // A read that was faster than the answer may have brought the record already.
    this.#take(record, true);
    this.#pending = undefined;
    const confirmed = this.#dequeue(generations.length);
    for (const [at, waiting] of confirmed.entries()) {
      waiting.resolve({ appended: this.state, generation: generations[at] ?? 0 });
    }
  }

  async #yieldTo(winner: LogRecord): Promise<void> {
    this.#pending = undefined;
    this.#take(winner, true);
    // Not needed, only faster: without it each conflict teaches one record.
    await this.refresh().catch((error: unknown) => {
      this.#deps.logger.warn('log.refresh-failed', errorFields(error));
    });
  }

  #dequeue(count: number): Waiting[] {
    const taken = this.#queue.splice(0, count);
    for (const { bytes } of taken) this.#backlog.remove(bytes);
    return taken;
  }

  readonly #onEntry = (state: LogState): void => {
    for (const listener of [...this.#entryListeners]) listener(state);
  };

  #restore(snapshot: DecodedSnapshot): void {
    if (this.#rebuilt) {
      this.#rebuilt.restore(snapshot);
      return;
    }
    this.#fold.restore(snapshot);
    this.#confirmation.confirm(this.state.next);
    this.#tailSince = this.state.writtenAtMs;
  }

  #apply(record: LogRecord, isFromTable: boolean): void {
    this.#heardAt = this.#deps.clock.now();
    this.#tailBytes += record.body.length;
    this.#tailRecords += 1;
    if (this.#tailSince === 0) this.#tailSince = record.time;
    const own = record.id === this.#pending;
    const step = this.#fold.apply(record, this.#onEntry);
    this.#confirmation.add(record, step.state.next, isFromTable);
    for (const listener of [...this.#listeners]) listener(step, own);
  }
}

/** The service will never take this record: it was not written by any try. */
function isRejected(error: unknown): boolean {
  return (
    error instanceof BackendError &&
    (error.code === 'invalid-event' || error.code === 'event-too-large')
  );
}
