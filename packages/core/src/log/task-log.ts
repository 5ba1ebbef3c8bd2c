import type { Task } from '@a2a-js/sdk';
import { backoff } from '../backoff.ts';
import { type Clock, elapsed, sleep } from '../clock.ts';
import type { Entropy } from '../entropy.ts';
import { BackendError, errorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import type { TaskKey } from '../task-key.ts';
import { Backlog } from './backlog.ts';
import { Fold, type Step } from './fold.ts';
import { LogReader } from './log-reader.ts';
import type { Proposal, Refusal } from './proposal.ts';
import {
  countEvents,
  type EncodedEntry,
  type LogRecord,
  MAX_BODY_BYTES,
  recordBody,
} from './record.ts';
import { isExpired } from './retention.ts';
import { compareSlots, type Slot } from './slot.ts';
import { type LogState, stepEntry } from './state.ts';
import type { LogStorage } from './storage.ts';

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
  /** Aborts when this instance stops or has died: nothing is written or repeated after. */
  readonly signal: AbortSignal;
}

/** Hears of every record that this handle folds, in slot order; own ones only once durable. */
export type StepListener = (step: Step, own: boolean) => void;

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
  readonly #fold = new Fold();
  readonly #listeners = new Set<StepListener>();
  readonly #faultListeners = new Set<(fault: unknown) => void>();
  readonly #entryListeners = new Set<(state: LogState) => void>();
  readonly #queue: Waiting[] = [];
  readonly #backlog: Backlog;
  #writing = false;
  /** Id of the record that is being put. */
  #pending: string | undefined;
  #tailBytes = 0;
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
        next: () => this.state.next,
        absorb: (record) => this.absorb(record),
        restore: (snapshot) => this.#restore(snapshot),
      },
      deps,
    );
  }

  get state(): LogState {
    return this.#fold.state;
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

  /** What a reader folds after the last snapshot: bytes of bodies, and since when; 0 for nothing. */
  get tail(): { readonly bytes: number; readonly since: number } {
    return { bytes: this.#tailBytes, since: this.#tailSince };
  }

  /** The whole fold as one text. */
  snapshot(): string {
    return this.#fold.snapshot();
  }

  /** A snapshot is stored that takes the place of so many bytes, all that were there then. */
  rebase(bytes: number): void {
    this.#tailBytes -= bytes;
    this.#tailSince = this.#deps.clock.now();
  }

  /** About how many bytes wait to be written. */
  get backlog(): number {
    return this.#backlog.bytes;
  }

  /** Calls back for each record from now on, until the returned function is called. */
  listen(listener: StepListener): () => void {
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
   * fold when it resolves. Fails with `corrupt-log` if three readings agree on a hole.
   */
  async refresh(): Promise<void> {
    try {
      await this.#reader.refresh();
    } catch (error) {
      this.#tellFault(error);
      throw error;
    }
    this.#heardAt = this.#deps.clock.now();
  }

  /** Takes a record that a doorbell brought. False: records before it are missing. */
  absorb(record: LogRecord): boolean {
    // What comes after was erased or is none of anybody's business.
    if (this.state.deleted) return true;
    const order = compareSlots(record.slot, this.state.next);
    if (order === 0) this.#apply(record);
    return order <= 0;
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
        if (this.#isForgotten()) await this.#remember();
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

  /**
   * Whoever was away for long may find records expired, and a slot empty that once was taken: what
   * was appended meanwhile, a fence for one, is read first.
   */
  async #remember(): Promise<void> {
    const { clock, entropy, signal } = this.#deps;
    const retried = new RetriedStep('log.refresh-failed', this.#deps);
    for (let failures = 0; this.#isForgotten() && !signal.aborted; ) {
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
        state = stepEntry(state, entry, state.next.generation);
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
    this.absorb(record);
    this.#pending = undefined;
    const confirmed = this.#dequeue(generations.length);
    for (const [at, waiting] of confirmed.entries()) {
      waiting.resolve({ appended: this.state, generation: generations[at] ?? 0 });
    }
  }

  async #yieldTo(winner: LogRecord): Promise<void> {
    this.#pending = undefined;
    this.absorb(winner);
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

  #restore(snapshot: string): void {
    this.#fold.restore(snapshot);
    this.#tailSince = this.state.at;
  }

  #apply(record: LogRecord): void {
    this.#heardAt = this.#deps.clock.now();
    this.#tailBytes += record.body.length;
    if (this.#tailSince === 0) this.#tailSince = record.time;
    const own = record.id === this.#pending;
    const step = this.#fold.apply(record, (state) => {
      for (const listener of [...this.#entryListeners]) listener(state);
    });
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
