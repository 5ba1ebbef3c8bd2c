import { BackendError, errorCode } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { asGeneration, type Generation } from '../model/generation.ts';
import type { Proposal } from '../model/proposal.ts';
import { type LogRecord, recordBody } from '../model/record.ts';
import { elapsed } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { Retries } from '../retry.ts';
import type { TaskKey } from '../task-key.ts';
import { Backlog } from './backlog.ts';
import type { LogFold } from './log-fold.ts';
import { type NextRecord, nextRecord } from './record-builder.ts';
import { RecordTimer, type RecordTimerDeps } from './record-timer.ts';
import { type Appended, WaitingProposals } from './waiting-proposals.ts';

const TOO_LARGE = 'The entries of one append together exceed the size of a record.';
const FULL = 'More is waiting to be written than the limit allows.';

/** After this long without news, a handle refreshes before it appends, in milliseconds. */
const FORGOTTEN_MS = 60 * 60_000;

export interface LogWriterDeps extends RecordTimerDeps {
  readonly storage: LogStorage;
  /** The id of the instance that writes. */
  readonly instance: string;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** The backlog of all tasks of the instance. @default one for this log */
  readonly backlog?: Backlog | undefined;
  /** Aborts when this instance stops or has died. No write or retry follows. */
  readonly signal: AbortSignal;
}

/** The log that the records are written to. */
export interface WritableLog {
  readonly key: TaskKey;
  /** True if the table holds the fold. */
  readonly isConfirmed: boolean;
  /** True if the log has expired. */
  readonly isGone: boolean;
  refresh(): Promise<void>;
  /** Calls the log's fault listeners if the error means that the log cannot be read further. */
  tellFault(error: unknown): void;
}

/** A record to put, and the generation at which each proposal in it ends. */
interface Taken {
  readonly record: LogRecord;
  readonly generations: readonly Generation[];
}

/** Writes proposals to one log, as many as possible in each record, one record at a time. */
export class LogWriter {
  readonly #log: WritableLog;
  readonly #fold: LogFold;
  readonly #deps: LogWriterDeps;
  readonly #waiting: WaitingProposals;
  readonly #timer: RecordTimer;
  #isWriting = false;

  constructor(log: WritableLog, fold: LogFold, deps: LogWriterDeps) {
    this.#log = log;
    this.#fold = fold;
    this.#deps = deps;
    const backlog = deps.backlog ?? new Backlog();
    this.#waiting = new WaitingProposals(backlog.ofTask());
    this.#timer = new RecordTimer(deps, backlog);
  }

  /** True while proposals are decided on the fold. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** The memory of what waits to be written, in bytes, approximately. */
  get backlog(): number {
    return this.#waiting.bytes;
  }

  /** Returns false if this many more bytes would be refused with `backlog-full` now. */
  hasRoomFor(bytes: number): boolean {
    return this.#waiting.hasRoomFor(bytes);
  }

  /** See {@link TaskLog.append}. */
  append(propose: Proposal, bytes: number, mayWait: boolean): Promise<Appended> {
    if (!this.hasRoomFor(bytes)) return Promise.reject(new BackendError('backlog-full', FULL));
    return new Promise((resolve, reject) => {
      this.#waiting.add({ propose, bytes, mayWait, resolve, reject });
      this.#timer.noteArrival();
      if (!mayWait) this.flush();
      else if (!this.#isWriting) this.#writeWhenDue();
    });
  }

  /** See {@link TaskLog.flush}. */
  flush(): void {
    this.#timer.cancel();
    if (this.#waiting.isEmpty) return;
    this.#waiting.makeDue();
    if (this.#isWriting) return;
    this.#isWriting = true;
    void this.#write();
  }

  #writeWhenDue(): void {
    this.#timer.schedule(this.#waiting.contentBytes, () => this.flush());
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting.isDue) {
        if (this.#mustRead()) await this.#readFirst();
        const taken = this.#takeRecord();
        if (taken) await this.#commitOrReject(taken);
      }
    } catch (error) {
      this.#log.tellFault(error);
      this.#waiting.rejectAll(error);
    } finally {
      this.#isWriting = false;
      // Events that came during the last put may wait for others.
      if (!this.#waiting.isEmpty) this.#writeWhenDue();
    }
  }

  #mustRead(): boolean {
    return this.#isForgotten() || !this.#log.isConfirmed;
  }

  #isForgotten(): boolean {
    const { currentAtMs } = this.#fold;
    return currentAtMs > 0 && elapsed(currentAtMs, this.#deps.clock.now()) >= FORGOTTEN_MS;
  }

  /**
   * Reads the log before a decision. Records that only doorbells brought are no state to decide on.
   * After a long absence, records may have expired, and a slot that was once taken may be empty.
   * Reading finds records appended meanwhile, for example a fence.
   */
  async #readFirst(): Promise<void> {
    const retries = new Retries('log.refresh-failed', this.#deps);
    while (this.#mustRead() && !this.#deps.signal.aborted) {
      try {
        await this.#log.refresh();
        retries.succeeded();
      } catch (error) {
        if (errorCode(error) === 'corrupt-log') throw error;
        await retries.failed(error);
      }
    }
    if (!this.#log.isConfirmed) throw stopped();
  }

  /** Returns the next record; `undefined` if the first proposal was answered without one. */
  #takeRecord(): Taken | undefined {
    const next = this.#nextEntries();
    if ('first' in next) {
      const { first } = next;
      if (first === 'too-large') {
        this.#waiting.reject(1, new BackendError('event-too-large', TOO_LARGE));
      } else {
        for (const { resolve } of this.#waiting.remove(1)) resolve({ refused: first });
      }
      return undefined;
    }
    const { entries, generations } = next;
    this.#timer.noteRecord(this.#waiting.isAwaited);
    const { clock, entropy, instance } = this.#deps;
    const record: LogRecord = {
      id: entropy.id(),
      instance,
      time: clock.now(),
      slot: this.#fold.state.next,
      entries: entries.map((entry) => entry.entry),
      body: recordBody(entries),
    };
    return { record, generations };
  }

  #nextEntries(): NextRecord {
    // The remains of an expired log are no state to decide on.
    if (this.#log.isGone) return { first: 'sealed' };
    return nextRecord(this.#waiting.all, this.#fold.state);
  }

  /**
   * Commits a record. If the table will never take it, rejects its proposals; the ones after it
   * continue.
   */
  async #commitOrReject(taken: Taken): Promise<void> {
    try {
      await this.#commit(taken);
    } catch (error) {
      if (!isRejected(error)) throw error;
      this.#fold.expect(undefined);
      this.#waiting.reject(taken.generations.length, error);
    }
  }

  /** Puts the record until it is known whether it, or another's record, is at its slot. */
  async #commit(taken: Taken): Promise<void> {
    const { record } = taken;
    const { storage, signal } = this.#deps;
    this.#fold.expect(record.id);
    let last: unknown;
    const retries = new Retries('log.append-retried', this.#deps);
    for (;;) {
      if (signal.aborted) {
        retries.gaveUp();
        throw last ?? stopped();
      }
      try {
        const outcome = await storage.putRecord(this.#log.key, record);
        retries.succeeded();
        if ('written' in outcome || outcome.taken.id === record.id) {
          this.#confirm(taken);
        } else {
          await this.#yieldTo(outcome.taken);
        }
        return;
      } catch (error) {
        if (isRejected(error) || errorCode(error) === 'corrupt-log') {
          retries.gaveUp();
          throw error;
        }
        // Puts the same bytes again after any failure, because a rebuilt record could enter the log
        // twice.
        last = error;
        await retries.failed(error);
      }
    }
  }

  #confirm({ record, generations }: Taken): void {
    // A read may have brought the record before the answer came.
    this.#fold.take(record, true);
    this.#fold.expect(undefined);
    const confirmed = this.#waiting.remove(generations.length);
    for (const [at, waiting] of confirmed.entries()) {
      waiting.resolve({
        appended: this.#fold.state,
        generation: generations[at] ?? asGeneration(0),
      });
    }
  }

  async #yieldTo(winner: LogRecord): Promise<void> {
    this.#fold.expect(undefined);
    this.#fold.take(winner, true);
    // This is only an optimization: without it each conflict brings one record.
    await this.#log.refresh().catch((error: unknown) => {
      this.#deps.logger.warn('log.refresh-failed', errorFields(error));
    });
  }
}

function stopped(): BackendError {
  return new BackendError('draining', 'The instance has stopped.');
}

/** Returns true if the table will never take this record: no try has written it. */
function isRejected(error: unknown): boolean {
  return (
    error instanceof BackendError &&
    (error.code === 'invalid-event' || error.code === 'event-too-large')
  );
}
