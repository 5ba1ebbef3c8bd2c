import type { Backlog } from '../log/backlog.ts';
import { HeadWriter } from '../log/head-writer.ts';
import { Snapshotter } from '../log/snapshotter.ts';
import { TaskLog } from '../log/task-log.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { AppliedRecord } from '../model/fold.ts';
import type { Slot } from '../model/slot.ts';
import { openRuns } from '../model/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, WatchRow } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import { type Logger, withFields } from '../ports/logger.ts';
import type { RateMeter } from '../rate-meter.ts';
import type { TaskKey } from '../task-key.ts';
import { LogTap, type TapStart } from './log-tap.ts';
import { PastRecords } from './past-records.ts';
import { RecentRecords } from './recent-records.ts';
import { Watch } from './watch.ts';

/** Tells other instances about a log. */
export interface Notifier {
  /** This instance has appended a record to a task with push configurations. */
  pushDue(key: TaskKey): void;
  /** This instance has appended a record. */
  recordAppended(key: TaskKey, applied: AppliedRecord, targets: readonly string[]): void;
  /** This instance watches the task (`on`) and has read up to `next`, or it no longer watches. */
  watchChanged(row: WatchRow, on: boolean, next: Slot, targets: readonly string[]): void;
}

export interface OpenLogDeps {
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  readonly instance: string;
  /** False if doorbells are not delivered: no watches are written or read then. */
  readonly delivers: boolean;
  readonly notifier: Notifier;
  /** The backlog of the whole instance. */
  readonly backlog: Backlog;
  /** The demand on the whole instance. */
  readonly demand?: RateMeter | undefined;
  /** See {@link RecordTimerDeps.maxRecordDelayMs}. */
  readonly maxRecordDelayMs?: number | undefined;
  /** Called when doorbells had brought records that the table does not hold. */
  readonly diverged: () => void;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
}

/** A watch is not announced again for another stream within this time, in milliseconds. */
const ANNOUNCED_MS = 1_000;

/** How a tap reads. */
export interface LogTapOptions extends TapStart {
  /** How many of the last events are kept for it. @default as many as the memory takes */
  readonly maxEvents?: number | undefined;
}

/** The place of a record in its log. */
export interface AppliedPlace {
  readonly slot: Slot;
  /** The number of its events. */
  readonly events: number;
  /** When it was written, by its writer's clock; milliseconds since the epoch. */
  readonly writtenAtMs: number;
}

/** A task's log on this instance, with its taps, head, snapshots, watch and the watchers elsewhere. */
export class OpenLog {
  readonly log: TaskLog;
  readonly head: HeadWriter;
  /** Made for the first snapshot that may be due: only logs with runs need it. */
  #snapshotter: Snapshotter | undefined;
  readonly #watch: Watch;
  readonly #deps: OpenLogDeps;
  /** The dependencies of the parts. */
  readonly #shared: Omit<OpenLogDeps, 'notifier'>;
  #users = 0;
  #runs = 0;
  #readAtMs: number;
  #quietReads = 0;
  #recent = new RecentRecords();
  #past: PastRecords | undefined;
  #last: AppliedPlace | undefined;
  /** The instances that watch this task, by watch id. Made for the first one. */
  #watchers: Map<string, string> | undefined;
  /** The last watch that was announced, and when. */
  #announced: { readonly watch: string; readonly atMs: number } | undefined;
  /** The open taps: how many events are kept for each. */
  readonly #taps = new Map<LogTap, number>();
  /** How many of them set no limit. */
  #unlimitedTaps = 0;

  constructor(key: TaskKey, deps: OpenLogDeps) {
    this.#deps = deps;
    const logger = withFields(deps.logger, () => taskFields(key));
    const shared = withLogger(deps, logger);
    this.#shared = shared;
    const log = new TaskLog(key, shared);
    this.log = log;
    this.head = new HeadWriter(log, shared);
    this.#watch = new Watch(key, shared, (row) => this.#tellRunners(row, false));
    this.#readAtMs = deps.clock.now();
    log.listen((step, own) => this.#onStep(step, own));
    log.listenRebuilds(() => {
      this.#recent = new RecentRecords();
      this.#past = undefined;
      this.#last = undefined;
    });
  }

  /** The last record of the log; `undefined` if this instance has read none since a snapshot. */
  get last(): AppliedPlace | undefined {
    return this.#last;
  }

  /** Counts one more user: a run, a tap, a cancel or a clean-up. Pair it with {@link release}. */
  retain(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
  }

  /** True while the log has a user. */
  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** Counts an open run of this instance: it must learn of a cancel. Pair it with {@link removeRun}. */
  addRun(): void {
    this.#runs += 1;
  }

  removeRun(): void {
    this.#runs -= 1;
  }

  /** True while a run of this instance is open. */
  get hasRuns(): boolean {
    return this.#runs > 0;
  }

  /** When the log was last read for records that no doorbell brought; milliseconds. */
  get readAtMs(): number {
    return this.#readAtMs;
  }

  /** Notes that a read began at `nowMs`, or that the next read is due as if it had. */
  markRead(nowMs: number): void {
    this.#readAtMs = nowMs;
  }

  /** The number of consecutive reads that found no record since a tap was opened. */
  get quietReads(): number {
    return this.#quietReads;
  }

  /** Counts a read; `found`: it found records. */
  countRead(found: boolean): void {
    this.#quietReads = found ? 0 : this.#quietReads + 1;
  }

  get taps(): number {
    return this.#taps.size;
  }

  /** The id of the watch that this instance holds on the task; `undefined` if it holds none. */
  get watchId(): string | undefined {
    return this.#watch.row?.watch;
  }

  /** True while a tap, a run or a watch of this instance waits for records of other instances. */
  get attended(): boolean {
    return this.#taps.size > 0 || this.hasRuns || this.#watch.row !== undefined;
  }

  /**
   * Follows the log: holds the watch, reads the log, and tells the instances of open runs. Watch
   * first, then read: a record that is appended in between is in the read, or a doorbell brings it.
   * Resolves with the function that ends this; it is idempotent. Rejects without holding anything.
   *
   * `readUnder`: the {@link watchId} when the caller began to read the log. The log is not read again
   * if that watch is still held.
   */
  async follow(readUnder?: string): Promise<() => void> {
    await this.#watch.hold();
    try {
      if (readUnder === undefined || readUnder !== this.watchId) await this.log.refresh();
    } catch (error) {
      this.#watch.release();
      throw error;
    }
    if (!this.#isAnnounced()) this.announce();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#watch.release();
    };
  }

  /** Opens a tap; the returned `close` ends it. After `leave` it reads on, but nothing is kept for it. */
  tap({ maxEvents, ...start }: LogTapOptions = {}): {
    readonly tap: LogTap;
    readonly leave: () => void;
    readonly close: () => void;
  } {
    const { storage } = this.#deps;
    this.#past ??= new PastRecords(this.log.key, storage);
    const tap = new LogTap(this.log, this.#recent, this.#past, storage, start);
    const most = maxEvents ?? Number.POSITIVE_INFINITY;
    this.#recent.maxEvents = this.#taps.size === 0 ? most : Math.max(this.#recent.maxEvents, most);
    this.#taps.set(tap, most);
    if (maxEvents === undefined) this.#unlimitedTaps += 1;
    this.#quietReads = 0;
    const leave = (): void => {
      if (!this.#taps.delete(tap)) return;
      if (maxEvents === undefined) this.#unlimitedTaps -= 1;
      // Many taps may leave at once.
      if (this.#unlimitedTaps === 0) this.#recent.maxEvents = largest(this.#taps.values());
      // Taps that have left may still read from the former object.
      if (this.#taps.size > 0) return;
      this.#recent = new RecentRecords();
      this.#past = undefined;
    };
    return {
      tap,
      leave,
      close: () => {
        leave();
        tap.close();
      },
    };
  }

  /**
   * Loads the watchers. Must run after this run's `start` was appended, so that either the tap sees
   * the run or the run sees the tap.
   */
  async readWatchers(): Promise<void> {
    if (!this.#deps.delivers) return;
    for (const row of await this.#deps.registry.watchers(this.log.key)) {
      this.setWatcher(row.watch, row.instance, true);
    }
  }

  /** Adds or removes the watch of another instance, as a doorbell reported it. */
  setWatcher(watch: string, instance: string, on: boolean): void {
    if (!on) {
      this.#watchers?.delete(watch);
      return;
    }
    this.#watchers ??= new Map();
    this.#watchers.set(watch, instance);
  }

  /** Removes all watches of an instance that is gone. */
  forget(instance: string): void {
    for (const [watch, watcher] of this.#watchers ?? []) {
      if (watcher === instance) this.#watchers?.delete(watch);
    }
  }

  /** Tells the instances of open runs that this one watches: they send it doorbells from now on. */
  announce(): void {
    const { row } = this.#watch;
    if (!row) return;
    this.#announced = { watch: row.watch, atMs: this.#deps.clock.now() };
    this.#tellRunners(row, true);
  }

  /** Writes a snapshot in the background if one is due. */
  maybeSnapshot(): void {
    this.#snapshotter ??= new Snapshotter(this.log, this.#shared);
    this.#snapshotter.maybeSnapshot();
  }

  #tellRunners(row: WatchRow, on: boolean): void {
    const { state } = this.log;
    const targets = this.#others(openRuns(state).map(([, run]) => run.instance));
    if (targets.length > 0) this.#deps.notifier.watchChanged(row, on, state.next, targets);
  }

  #onStep(step: AppliedRecord, own: boolean): void {
    const { before, record, deliveries } = step;
    this.#last = { slot: record.slot, events: deliveries.length, writtenAtMs: record.time };
    if (this.#taps.size > 0) this.#recent.add(step);
    if (!own) return;
    if (step.state.pushes.size > 0) this.#deps.notifier.pushDue(this.log.key);
    this.maybeSnapshot();
    const targets = this.#others([
      ...(this.#watchers?.values() ?? []),
      ...[...openRuns(before), ...openRuns(step.state)].map(([, run]) => run.instance),
    ]);
    if (targets.length > 0) this.#deps.notifier.recordAppended(this.log.key, step, targets);
    if (before.status?.slot !== step.state.status?.slot) {
      // A caller that must know that the head is written awaits flush() itself.
      this.head.flush().catch(() => {});
    }
  }

  /** Returns true if the present watch was announced a moment ago: many streams may begin at once. */
  #isAnnounced(): boolean {
    const announced = this.#announced;
    if (!announced || announced.watch !== this.watchId) return false;
    const ageMs = this.#deps.clock.now() - announced.atMs;
    return ageMs >= 0 && ageMs < ANNOUNCED_MS;
  }

  #others(instances: readonly string[]): string[] {
    return [...new Set(instances)].filter((instance) => instance !== this.#deps.instance);
  }
}

/**
 * Returns the dependencies of one log. An instance may have thousands of logs open, and a copy by spread
 * would take six times the memory of this object.
 */
function withLogger(deps: OpenLogDeps, logger: Logger): Omit<OpenLogDeps, 'notifier'> {
  return {
    storage: deps.storage,
    registry: deps.registry,
    instance: deps.instance,
    delivers: deps.delivers,
    backlog: deps.backlog,
    demand: deps.demand,
    maxRecordDelayMs: deps.maxRecordDelayMs,
    diverged: deps.diverged,
    retentionMs: deps.retentionMs,
    clock: deps.clock,
    entropy: deps.entropy,
    logger,
    signal: deps.signal,
  };
}

/** Returns the largest number; 0 if there is none. */
function largest(numbers: Iterable<number>): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}
