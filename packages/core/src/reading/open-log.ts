import type { HeadWriter } from '../log/head-writer.ts';
import type { Snapshotter } from '../log/snapshotter.ts';
import type { TaskLog } from '../log/task-log.ts';
import type { AppliedRecord } from '../model/fold.ts';
import { openRuns } from '../model/state.ts';
import type { InstanceRegistry, WatchRow } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import { LogTap } from './log-tap.ts';
import { RecentRecords } from './recent-records.ts';
import type { Watch } from './watch.ts';

export interface OpenLogParts {
  readonly log: TaskLog;
  readonly head: HeadWriter;
  readonly watch: Watch;
  readonly upkeep: Snapshotter;
}

export interface OpenLogDeps {
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  readonly instance: string;
  /** False: nobody can be told of anything, so nobody has to be known. */
  readonly delivers: boolean;
  /** Tells other instances of a record of our own. */
  readonly ring: (step: AppliedRecord, targets: readonly string[]) => void;
  /** Tells `targets` that this instance watches the task (`on`), or no longer. */
  readonly announce: (row: WatchRow, on: boolean, targets: readonly string[]) => void;
}

/** How a tap reads. */
export interface LogTapOptions {
  /** See {@link LogTap}. @default the end of what is folded */
  readonly after?: number | undefined;
  /** How many of the last events are to be kept for it. @default as many as the memory takes */
  readonly maxEvents?: number | undefined;
}

/** A task's log with all that this instance does about it: taps, head, watches, who else hears. */
export class OpenLog {
  readonly log: TaskLog;
  readonly head: HeadWriter;
  readonly watch: Watch;
  readonly upkeep: Snapshotter;
  /** Runs, taps, cancels and cleaners that use it now. */
  users = 0;
  /** Runs of this instance that are open: each is to hear of a cancel. */
  runs = 0;
  /** When it was last read for what no doorbell brought; milliseconds of the own clock. */
  readAt: number;
  /** Reads in a row that found nothing, since a tap was opened. */
  quietReads = 0;
  readonly #deps: OpenLogDeps;
  #recent = new RecentRecords();
  /** Instances that have taps, by watch id. */
  readonly #watchers = new Map<string, string>();
  /** The open taps: how many events each wants to be kept. */
  readonly #taps = new Map<LogTap, number>();

  /** `now`: milliseconds of the own clock. */
  constructor({ log, head, watch, upkeep }: OpenLogParts, now: number, deps: OpenLogDeps) {
    this.log = log;
    this.head = head;
    this.watch = watch;
    this.upkeep = upkeep;
    this.readAt = now;
    this.#deps = deps;
    log.listen((step, own) => this.#onStep(step, own));
    log.listenRebuilds(() => {
      this.#recent = new RecentRecords();
    });
  }

  get taps(): number {
    return this.#taps.size;
  }

  /** True while somebody here waits for what others append. */
  get attended(): boolean {
    return this.#taps.size > 0 || this.runs > 0 || this.watch.row !== undefined;
  }

  /** Opens a tap; close it with the returned function. A tap that is only left reads on, unattended. */
  tap({ after, maxEvents }: LogTapOptions = {}): {
    readonly tap: LogTap;
    readonly leave: () => void;
    readonly close: () => void;
  } {
    const tap = new LogTap(this.log, this.#recent, this.#deps.storage, after);
    this.#taps.set(tap, maxEvents ?? Number.POSITIVE_INFINITY);
    this.#recent.maxEvents = Math.max(...this.#taps.values());
    this.quietReads = 0;
    const leave = (): void => {
      if (!this.#taps.delete(tap)) return;
      this.#recent.maxEvents = Math.max(...this.#taps.values());
      // Those who have left may still be reading what was kept for them.
      if (this.#taps.size === 0) this.#recent = new RecentRecords();
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

  /** Reads who has taps. After the own `start`, so that a tap sees the run or the run the tap. */
  async readWatchers(): Promise<void> {
    if (!this.#deps.delivers) return;
    for (const row of await this.#deps.registry.watchers(this.log.key)) {
      this.#watchers.set(row.watch, row.instance);
    }
  }

  /** A doorbell told of a watch. */
  setWatcher(watch: string, instance: string, on: boolean): void {
    if (on) this.#watchers.set(watch, instance);
    else this.#watchers.delete(watch);
  }

  /** The instance is gone: none of its taps is left. */
  forget(instance: string): void {
    for (const [watch, watcher] of this.#watchers) {
      if (watcher === instance) this.#watchers.delete(watch);
    }
  }

  /** Tells the instances of open runs that this one watches: they ring it from now on. */
  announce(): void {
    if (this.watch.row) this.#announce(this.watch.row, true);
  }

  /** Tells them that it does so no longer under this row. */
  retract(row: WatchRow): void {
    this.#announce(row, false);
  }

  #announce(row: WatchRow, on: boolean): void {
    const targets = this.#others(openRuns(this.log.state).map(([, run]) => run.instance));
    if (targets.length > 0) this.#deps.announce(row, on, targets);
  }

  #onStep(step: AppliedRecord, own: boolean): void {
    const { before } = step;
    if (this.#taps.size > 0) this.#recent.add(step);
    if (!own) return;
    this.upkeep.look();
    const targets = this.#others([
      ...this.#watchers.values(),
      ...[...openRuns(before), ...openRuns(step.state)].map(([, run]) => run.instance),
    ]);
    if (targets.length > 0) this.#deps.ring(step, targets);
    if (before.status?.slot !== step.state.status?.slot) {
      // Whoever must know that it is written waits for settle() itself.
      this.head.settle().catch(() => {});
    }
  }

  #others(instances: readonly string[]): string[] {
    return [...new Set(instances)].filter((instance) => instance !== this.#deps.instance);
  }
}
