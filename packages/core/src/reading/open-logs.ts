import { DoorbellReceiver, type NewsDoorbell } from '../doorbells/doorbell-receiver.ts';
import { DoorbellSender } from '../doorbells/doorbell-sender.ts';
import type { Keyring } from '../doorbells/keyring.ts';
import { errorCode } from '../errors.ts';
import { Backlog } from '../log/backlog.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import { taskFields } from '../logging/task-fields.ts';
import { type LogRecord, onlyAdds } from '../model/record.ts';
import { compareSlots } from '../model/slot.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { RateMeter } from '../rate-meter.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { MissedDoorbells } from './missed-doorbells.ts';
import { type Notifier, OpenLog, type OpenLogDeps } from './open-log.ts';
import {
  POLL_TICK_MS,
  pollInterval,
  READ_MS,
  READ_UNCONFIRMED_MS,
  readInterval,
  TICK_MS,
} from './pacing.ts';

export interface OpenLogsDeps {
  readonly instance: string;
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  /** Proves that an instance of this fleet sent a doorbell. */
  readonly keyring: Pick<Keyring, 'seal' | 'check' | 'isCurrent'>;
  /** If false, doorbells contain no records, only their slots. @default true */
  readonly inlineContent?: boolean | undefined;
  /** Called for each record that this instance appends to a task with push configurations. */
  readonly pushDue?: ((key: TaskKey) => void) | undefined;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  /** The bytes that may wait to be written in all. @default an eighth of the heap, at most 128 MiB */
  readonly backlogBytes?: number | undefined;
  /** How long events wait at most to share a record, in milliseconds. @default 250 */
  readonly maxRecordDelayMs?: number | undefined;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
}

/** A log that is read, watched and kept current until `release` is called. */
export interface FollowedLog {
  readonly open: OpenLog;
  readonly release: () => void;
}

/** The logs that this instance has open, kept current by doorbells and, without them, by reading. */
export class OpenLogs {
  /** The doorbells that this instance receives. */
  readonly doorbells: DoorbellReceiver;
  readonly #deps: OpenLogsDeps;
  readonly #logs = new Map<string, OpenLog>();
  readonly #backlog: Backlog;
  readonly #missedDoorbells: MissedDoorbells;
  readonly #sender: DoorbellSender;
  /** The dependencies of every open log: one object for all. */
  readonly #shared: OpenLogDeps;
  #isStarted = false;
  #cancelTick: (() => void) | undefined;
  #diverged = 0;
  /** The last failed reads, by log. */
  readonly #failedReads = new WeakMap<OpenLog, RetriedStep>();

  constructor(deps: OpenLogsDeps) {
    this.#deps = deps;
    this.#backlog = new Backlog(deps.backlogBytes);
    this.#missedDoorbells = new MissedDoorbells({
      clock: deps.clock,
      read: (open) => this.#readDue(open),
    });
    const sender = new DoorbellSender(deps);
    this.#sender = sender;
    const notifier: Notifier = {
      pushDue: (key) => deps.pushDue?.(key),
      recordAppended: (key, { record, state }, targets) => {
        const inlined = deps.inlineContent === false ? undefined : record;
        void sender.send(targets, { kind: 'record', key, next: state.next, record: inlined });
      },
      watchChanged: (row, on, next, targets) => {
        void sender.send(targets, { kind: 'watch', on, next, ...row });
      },
    };
    this.#shared = {
      ...deps,
      delivers: deps.fanout.delivers,
      backlog: this.#backlog,
      demand: new RateMeter(),
      notifier,
      diverged: () => {
        this.#diverged += 1;
      },
    };
    this.doorbells = new DoorbellReceiver({
      ...deps,
      sender,
      isAttended: () => this.#isAttended(),
      onDoorbell: (doorbell) => this.#onDoorbell(doorbell),
    });
  }

  /** Starts to read logs that are due; see {@link DoorbellReceiver.listen} for doorbells. */
  start(): void {
    this.#isStarted = true;
    this.#scheduleTick();
  }

  /** Stops receiving doorbells and reading logs that are due. Open logs stay readable. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#missedDoorbells.stop();
    await this.doorbells.stop();
  }

  /**
   * Acquires a log and follows it, see {@link OpenLog.follow}; `release` undoes both, once. Rejects
   * without holding anything.
   */
  async follow(key: TaskKey): Promise<FollowedLog> {
    const open = this.acquire(key);
    let unfollow: (() => void) | undefined;
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      unfollow?.();
      this.release(open);
    };
    try {
      unfollow = await open.follow();
    } catch (error) {
      release();
      throw error;
    }
    return { open, release };
  }

  /** Returns the log of a task, one for all its users. Pair it with {@link release}. */
  acquire(key: TaskKey): OpenLog {
    const text = taskKeyText(key);
    let open = this.#logs.get(text);
    if (!open) {
      open = this.#open(key);
      this.#logs.set(text, open);
      this.#scheduleTick();
    }
    open.retain();
    return open;
  }

  /** Returns the log of a task if it has a user here. It is valid until the next `await`. */
  find(key: TaskKey): OpenLog | undefined {
    return this.#logs.get(taskKeyText(key));
  }

  /** Forgets the log after its last user. */
  release(open: OpenLog): void {
    open.release();
    if (open.isUsed) return;
    this.#logs.delete(taskKeyText(open.log.key));
    this.#failedReads.get(open)?.gaveUp();
  }

  get openLogs(): number {
    return this.#logs.size;
  }

  get taps(): number {
    let taps = 0;
    for (const open of this.#logs.values()) taps += open.taps;
    return taps;
  }

  /** The events that wait to be written, over all tasks. */
  get backlog(): Backlog {
    return this.#backlog;
  }

  /** Logs that were read again because doorbells had brought records that the table does not hold. */
  get diverged(): number {
    return this.#diverged;
  }

  /** The ids of the watches that are held now. Other watch rows of this instance are left over. */
  heldWatches(): Set<string> {
    const held = new Set<string>();
    for (const { watchId } of this.#logs.values()) if (watchId !== undefined) held.add(watchId);
    return held;
  }

  /** Starts to read the new records of a log, if it is open here. */
  catchUp(key: TaskKey): void {
    const open = this.#logs.get(taskKeyText(key));
    if (open) void this.#refresh(open);
  }

  /** Tells `targets` how far a log goes, so that they read the records that they lack. */
  notifyEnd(open: OpenLog, targets: readonly string[]): void {
    void this.#sender.send(targets, {
      kind: 'record',
      key: open.log.key,
      next: open.log.state.next,
    });
  }

  /** Tells `targets` that `instance` is gone: it needs no more doorbells. */
  notifyGone(instance: string, targets: readonly string[]): void {
    this.#forget(instance);
    void this.#sender.send(targets, { kind: 'gone', instance });
  }

  #forget(instance: string): void {
    for (const open of this.#logs.values()) open.forget(instance);
  }

  #isAttended(): boolean {
    for (const open of this.#logs.values()) if (open.attended) return true;
    return false;
  }

  #open(key: TaskKey): OpenLog {
    return new OpenLog(key, this.#shared);
  }

  #onDoorbell(doorbell: NewsDoorbell): void {
    if (doorbell.kind === 'gone') {
      this.#forget(doorbell.instance);
      return;
    }
    const open = this.#logs.get(taskKeyText(doorbell.key));
    if (!open) return;
    if (doorbell.kind === 'watch') {
      const { watch, instance, on, next } = doorbell;
      open.setWatcher(watch, instance, on);
      // No doorbell was sent for records between the watcher's read and this moment.
      if (on && compareSlots(next, open.log.state.next) < 0) this.notifyEnd(open, [instance]);
      return;
    }
    if (compareSlots(doorbell.next, open.log.state.next) <= 0) return;
    if (doorbell.record && this.#mayTake(open, doorbell.record)) return;
    void this.#refresh(open);
  }

  /**
   * Takes a record from a doorbell if nothing here decides on it. Logs with runs of this instance,
   * and records that begin or end something, are read instead. Returns false if the log must be read.
   */
  #mayTake(open: OpenLog, record: LogRecord): boolean {
    if (this.#deps.inlineContent === false || open.hasRuns || !onlyAdds(record)) return false;
    return open.log.absorb(record);
  }

  /** Schedules the next tick, while a log is open. */
  #scheduleTick(): void {
    if (this.#cancelTick || !this.#isStarted || this.#logs.size === 0) return;
    const { clock, fanout } = this.#deps;
    this.#cancelTick = clock.after(fanout.delivers ? TICK_MS : POLL_TICK_MS, () => {
      this.#cancelTick = undefined;
      this.#tick();
      this.#scheduleTick();
    });
  }

  #tick(): void {
    const { delivers } = this.#deps.fanout;
    this.doorbells.tick();
    const whileDelivering = readInterval(this.doorbells.healthy === true);
    this.#missedDoorbells.readDueLogs(this.#logs.values(), (open) =>
      delivers ? whileDelivering : pollInterval(open),
    );
  }

  async #readDue(open: OpenLog): Promise<void> {
    const before = open.log.state.next;
    await this.#refresh(open);
    // Only instances with runs write snapshots: every reader would write the same one.
    if (open.hasRuns) open.maybeSnapshot();
    const isNews = compareSlots(before, open.log.state.next) < 0;
    open.countRead(isNews);
    // Its doorbell was lost, or its writer does not know about our watch: tell the runners again.
    if (isNews) open.announce();
  }

  async #refresh(open: OpenLog): Promise<void> {
    const now = this.#deps.clock.now();
    open.markRead(now);
    try {
      await open.log.refresh(false);
      this.#failedReads.get(open)?.succeeded();
    } catch (error) {
      // Read it again soon even if doorbells arrive: one of them may have caused this read.
      const isSoon = this.doorbells.healthy === true && errorCode(error) !== 'corrupt-log';
      if (isSoon) open.markRead(now - (READ_MS - READ_UNCONFIRMED_MS));
      const { clock, logger } = this.#deps;
      const retried =
        this.#failedReads.get(open) ?? new RetriedStep('log.refresh-failed', { clock, logger });
      this.#failedReads.set(open, retried);
      retried.failed(error, taskFields(open.log.key));
    }
  }
}
