import type { Task } from '@a2a-js/sdk';
import { BackendError } from '../errors.ts';
import { inSlices, Pace } from '../log/pace.ts';
import type { TaskLog } from '../log/task-log.ts';
import { type AppliedRecord, applyRecord, Fold } from '../model/fold.ts';
import { pastState } from '../model/past-state.ts';
import { ENTRY_COST, type LogRecord, MAX_BODY_BYTES } from '../model/record.ts';
import { compareSlots, FIRST_SLOT, type Slot } from '../model/slot.ts';
import type { LogState } from '../model/state.ts';
import type { TaskPicture } from '../model/task-picture.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { TaskKey } from '../task-key.ts';
import type { RecentRecords } from './recent-records.ts';

/**
 * A reader of a task's log from a given place: every record after it, each once, in order, whatever
 * the transport does (I3). It pulls: a tap that nobody reads holds one record at the most.
 */
export class LogTap {
  readonly #log: TaskLog;
  readonly #recent: RecentRecords;
  readonly #storage: LogStorage;
  #state: LogState;
  /** Where to begin is still to be found: at the record of this event. */
  #after: number | undefined;
  #behind: AsyncIterator<LogRecord> | undefined;
  /** The fold where the reader of {@link #behind} stands, once it has met a Task event. */
  #shown: Fold | undefined;
  #shownBytes = 0;
  readonly #pace: Pace;
  #closed = false;
  /** See {@link TaskLog.epoch}. */
  readonly #epoch: number;
  #finishing = false;
  /** Ends a wait for the next record. */
  readonly #ending = new AbortController();

  /**
   * `after`: begins with the record that holds the event of this generation, whose last events may
   * come after it; 0 for the whole log. Without it, or if the log is not as far, at the log's end.
   */
  constructor(log: TaskLog, recent: RecentRecords, storage: LogStorage, after?: number) {
    this.#log = log;
    this.#pace = new Pace(log.clock);
    this.#recent = recent;
    this.#storage = storage;
    this.#epoch = log.epoch;
    if (after === undefined || after > log.generation) {
      this.#state = log.state;
    } else {
      this.#state = pastState(log.state, FIRST_SLOT);
      if (after > 0) this.#after = after;
    }
  }

  /** The state of the log where this tap stands. */
  get state(): LogState {
    return this.#state;
  }

  /** True if the log has nothing more for it, as far as is known here. */
  get isCaughtUp(): boolean {
    return compareSlots(this.#state.next, this.#log.state.next) >= 0;
  }

  /**
   * The next record, as soon as there is one; nothing once closed. One call at a time. Rejects with
   * `expired` if records are missing there, with `corrupt-log` if the log cannot be read on, with
   * `diverged` if it was shown what no log holds, and with what a read of it met: then it may be
   * asked again.
   */
  async next(): Promise<AppliedRecord | undefined> {
    while (!this.#closed) {
      if (this.#epoch !== this.#log.epoch) throw diverged();
      if (this.#after !== undefined) await this.#seek(this.#after);
      if (!this.isCaughtUp) {
        const step = this.#recent.at(this.#state.next) ?? (await this.#readStep());
        if (step && this.#epoch === this.#log.epoch) {
          this.#state = step.state;
          return step;
        }
      } else if (this.#finishing) {
        return undefined;
      } else {
        await this.#caughtUp();
      }
    }
    return undefined;
  }

  /** Passes over all that it has not read. Not while a {@link next} is under way. */
  skip(): void {
    void this.#behind?.return?.();
    this.#behind = undefined;
    this.#after = undefined;
    this.#state = this.#log.state;
  }

  /**
   * Ends the tap where the log ends: {@link next} resolves with nothing once all that is known here
   * was read. Idempotent.
   */
  finish(): void {
    this.#finishing = true;
    this.#ending.abort();
  }

  /** Ends the tap: a waiting {@link next} resolves with nothing. Idempotent. */
  close(): void {
    this.#closed = true;
    void this.#behind?.return?.();
    this.#behind = undefined;
    this.#ending.abort();
  }

  async #caughtUp(): Promise<void> {
    this.#shown = undefined;
    void this.#behind?.return?.();
    this.#behind = undefined;
    const isOver = (): true | undefined =>
      !this.isCaughtUp || this.#epoch !== this.#log.epoch || undefined;
    await this.#log.until(isOver, { signal: this.#ending.signal });
  }

  async #seek(after: number): Promise<void> {
    const record = await this.#storage.findRecord(this.#log.key, after);
    if (!record) throw expired();
    this.#state = pastState(this.#log.state, record.slot);
    this.#after = undefined;
  }

  /** What the handle no longer keeps, from the log. */
  async #readStep(): Promise<AppliedRecord | undefined> {
    const at = this.#state.next;
    const isFresh = this.#behind === undefined;
    this.#behind ??= this.#storage.readRecords(this.#log.key, at)[Symbol.asyncIterator]();
    const read = await this.#behind.next();
    const order = read.done ? 1 : compareSlots(read.value.slot, at);
    if (read.done || order > 0) {
      // The reader was opened before records that came from memory since: open it anew.
      this.#behind = undefined;
      if (isFresh && !this.#closed) throw expired();
      return undefined;
    }
    if (order < 0) return undefined;
    const { body, entries } = read.value;
    await this.#pace.spent(body.length + entries.length * ENTRY_COST);
    return this.#render(applyRecord(this.#state, read.value));
  }

  /** A Task event is the fold at its generation here, too. */
  async #render(step: AppliedRecord): Promise<AppliedRecord> {
    const { record } = step;
    const showsTask = step.deliveries.some(({ event }) => event.kind === 'task');
    const isFollowed = this.#shown && compareSlots(this.#shown.state.next, record.slot) === 0;
    if (!showsTask && !isFollowed) return step;
    this.#shown = await this.#foldBefore(record.slot);
    const shown = this.#shown?.apply(record);
    this.#shownBytes += record.body.length;
    // No more than one record may have, which a tap holds anyway (I8).
    if (this.#shownBytes > MAX_BODY_BYTES) this.#shown = undefined;
    if (!shown) return step;
    const deliveries = step.deliveries.map((delivery, at) => ({
      ...delivery,
      event: shown.deliveries[at]?.event ?? delivery.event,
    }));
    return { ...step, deliveries };
  }

  /** Returns the fold of all records before the slot; `undefined` if they are not kept any more. */
  async #foldBefore(slot: Slot): Promise<Fold | undefined> {
    if (this.#shown && compareSlots(this.#shown.state.next, slot) === 0) return this.#shown;
    const fold = new Fold();
    this.#shownBytes = 0;
    const records = this.#storage.readRecords(this.#log.key, FIRST_SLOT);
    for await (const record of records) {
      if (compareSlots(record.slot, slot) >= 0) break;
      if (compareSlots(record.slot, fold.state.next) !== 0) return undefined;
      fold.apply(record);
      this.#shownBytes += record.body.length;
      await this.#pace.spent(record.body.length + record.entries.length * ENTRY_COST);
    }
    return compareSlots(fold.state.next, slot) === 0 ? fold : undefined;
  }
}

function diverged(): BackendError {
  return new BackendError('diverged', 'The reader was shown what no log holds.');
}

function expired(): BackendError {
  return new BackendError('expired', 'What the reader asks for is not kept any more.');
}

/**
 * Returns a copy of the Task as it was when `generation` was its last event; reads the log from its
 * start. `undefined` if that is not kept any more.
 */
export async function taskAt(
  storage: LogStorage,
  key: TaskKey,
  generation: number,
  clock: Clock,
): Promise<Task | undefined> {
  const fold = new Fold();
  const pace = new Pace(clock);
  let picture: TaskPicture | undefined;
  for await (const record of storage.readRecords(key, FIRST_SLOT)) {
    const isNext = compareSlots(record.slot, fold.state.next) === 0;
    if (!isNext || record.slot.generation > generation) break;
    fold.apply(record, () => {
      if (fold.generation === generation) picture ??= fold.picture();
    });
    await pace.spent(record.body.length + record.entries.length * ENTRY_COST);
  }
  return picture && inSlices(picture.copying(), pace);
}
