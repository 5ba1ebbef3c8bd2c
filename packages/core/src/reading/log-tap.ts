import type { Task } from '@a2a-js/sdk';
import { BackendError } from '../errors.ts';
import { inSlices, Pace } from '../log/pace.ts';
import { SingleEnd } from '../log/single-end.ts';
import type { TaskLog } from '../log/task-log.ts';
import { type AppliedRecord, applyRecord, Fold } from '../model/fold.ts';
import type { Generation } from '../model/generation.ts';
import { pastState } from '../model/past-state.ts';
import { ENTRY_COST, MAX_BODY_BYTES } from '../model/record.ts';
import { compareSlots, FIRST_SLOT, type Slot } from '../model/slot.ts';
import type { LogState } from '../model/state.ts';
import type { CopyOptions, TaskPicture } from '../model/task-picture.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { TaskKey } from '../task-key.ts';
import type { PastReader, PastRecords } from './past-records.ts';
import type { RecentRecords } from './recent-records.ts';

/** Where a tap begins. Without a field, or if the log has no such event, it begins at the log's end. */
export interface TapStart {
  /**
   * Begins with the record that contains the event of this generation, and may contain later ones; 0
   * for the whole log.
   */
  readonly after?: Generation | undefined;
  /** Begins with the record at this slot. */
  readonly from?: Slot | undefined;
  /**
   * False if the reader does not use the events of deliveries: a Task that is published again need not
   * be assembled from the start of the log. @default true
   */
  readonly showsTasks?: boolean | undefined;
}

/**
 * A reader of a task's log from a given place. It delivers every later record once and in order,
 * whatever the transport does (I3). It pulls: a tap that is not read holds at most one record.
 */
export class LogTap {
  readonly #log: TaskLog;
  readonly #recent: RecentRecords;
  readonly #storage: LogStorage;
  #state: LogState;
  /** The generation of the event to begin with, until its record was found. */
  #after: Generation | undefined;
  readonly #past: PastReader;
  readonly #showsTasks: boolean;
  /** The fold at the place of the past records, once there was a Task event. */
  #shown: Fold | undefined;
  #shownBytes = 0;
  readonly #pace: Pace;
  #closed = false;
  /** See {@link TaskLog.epoch}. */
  readonly #epoch: number;
  #finishing = false;
  /** Ends a wait for the next record. */
  readonly #ending = new SingleEnd();

  constructor(
    log: TaskLog,
    recent: RecentRecords,
    past: PastRecords,
    storage: LogStorage,
    { after, from, showsTasks = true }: TapStart = {},
  ) {
    this.#log = log;
    this.#pace = new Pace(log.clock);
    this.#recent = recent;
    this.#past = past.reader();
    this.#storage = storage;
    this.#epoch = log.epoch;
    this.#showsTasks = showsTasks;
    if (from) {
      this.#state = pastState(log.state, from);
    } else if (after === undefined || after > log.generation) {
      this.#state = log.state;
    } else {
      this.#state = pastState(log.state, FIRST_SLOT);
      if (after > 0) this.#after = after;
    }
  }

  /** The state of the log at the place of this tap. */
  get state(): LogState {
    return this.#state;
  }

  /** True if this tap has delivered every record that this instance knows. */
  get isCaughtUp(): boolean {
    return compareSlots(this.#state.next, this.#log.state.next) >= 0;
  }

  /**
   * Resolves with the next record, or with `undefined` once the tap is closed. One call at a time.
   * Rejects with `expired` if records are missing, with `corrupt-log` if the log cannot be read
   * further, with `diverged` if the tap has delivered records that the table does not hold, and with
   * the error of a failed read; it may be called again then.
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

  /** Skips all records that it has not read. Do not call it during a {@link next}. */
  skip(): void {
    this.#past.leave();
    this.#after = undefined;
    this.#state = this.#log.state;
  }

  /**
   * Ends the tap at the end of the log: {@link next} resolves with `undefined` after the last record
   * that this instance knows. Idempotent.
   */
  finish(): void {
    this.#finishing = true;
    this.#ending.abort();
  }

  /** Ends the tap: a waiting {@link next} resolves with `undefined`. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#past.leave();
    this.#ending.abort();
  }

  async #caughtUp(): Promise<void> {
    this.#shown = undefined;
    this.#past.leave();
    const isOver = (): true | undefined =>
      !this.isCaughtUp || this.#epoch !== this.#log.epoch || undefined;
    await this.#log.until(isOver, { signal: this.#ending });
  }

  async #seek(after: Generation): Promise<void> {
    const record = await this.#storage.findRecord(this.#log.key, after);
    if (!record) throw expired();
    this.#state = pastState(this.#log.state, record.slot);
    this.#after = undefined;
  }

  /** Reads a record that is no longer kept in memory. */
  async #readStep(): Promise<AppliedRecord | undefined> {
    const record = await this.#past.at(this.#state.next);
    if (this.#closed) return undefined;
    if (!record) throw expired();
    const { body, entries } = record;
    await this.#pace.spent(body.length + entries.length * ENTRY_COST);
    const step = applyRecord(this.#state, record);
    return this.#showsTasks ? this.#render(step) : step;
  }

  /** Shows the fold at its generation for each Task event, as records from memory do. */
  async #render(step: AppliedRecord): Promise<AppliedRecord> {
    const { record } = step;
    const showsTask = step.deliveries.some(({ event }) => event.kind === 'task');
    const isFollowed = this.#shown && compareSlots(this.#shown.state.next, record.slot) === 0;
    if (!showsTask && !isFollowed) return step;
    this.#shown = await this.#foldBefore(record.slot);
    const shown = this.#shown?.apply(record);
    this.#shownBytes += record.body.length;
    // Keep no more than the size of one record, which a tap holds anyway (I8).
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
  return new BackendError(
    'diverged',
    'The reader has received records that the log does not contain.',
  );
}

function expired(): BackendError {
  return new BackendError('expired', 'The records that the reader asks for are not kept any more.');
}

/**
 * Returns a copy of the Task as it was when `generation` was its last event. Reads the log from its
 * start. Returns `undefined` if the log's start is not kept any more.
 */
export async function taskAt(
  storage: LogStorage,
  key: TaskKey,
  generation: Generation,
  clock: Clock,
  options?: CopyOptions,
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
  return picture && inSlices(picture.copying(options), pace);
}
