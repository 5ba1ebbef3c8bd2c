import type { Doorbell } from '../doorbells/doorbell.ts';
import { decodeMessage, encodeDoorbell } from '../doorbells/doorbell-codec.ts';
import { DoorbellHealth } from '../doorbells/doorbell-health.ts';
import type { DoorbellView } from '../doorbells/doorbell-step.ts';
import type { Keyring } from '../doorbells/keyring.ts';
import { ReachableTargets } from '../doorbells/reachable-targets.ts';
import { BackendError, errorCode } from '../errors.ts';
import { Backlog } from '../log/backlog.ts';
import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import { taskFields } from '../logging/task-fields.ts';
import { type LogRecord, onlyAdds } from '../model/record.ts';
import { compareSlots } from '../model/slot.ts';
import { type Clock, elapsed } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Fanout, FanoutReceiver } from '../ports/fanout.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { type Notifier, OpenLog } from './open-log.ts';
import {
  POLL_TICK_MS,
  pollInterval,
  RECONCILE_MS,
  RECONCILE_UNPROVEN_MS,
  reconcileInterval,
  TICK_MS,
} from './pacing.ts';
import { Reconciler } from './reconciler.ts';

export interface OpenLogsDeps {
  readonly instance: string;
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  /** Proves whose doorbells they are. */
  readonly keyring: Pick<Keyring, 'seal' | 'check' | 'isCurrent'>;
  /** False: doorbells say where a record is, never what is in it. @default true */
  readonly inlineContent?: boolean | undefined;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  /** What may wait to be written in all, in bytes. @default an eighth of the heap, at most 128 MiB */
  readonly backlogBytes?: number | undefined;
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

/** Strangers' messages are logged no more often than this, in milliseconds. */
const LOG_AGAIN_MS = 60_000;

/** The logs that this instance has open, kept up to date by doorbells and, without them, by reading. */
export class OpenLogs {
  readonly #deps: OpenLogsDeps;
  readonly #logs = new Map<string, OpenLog>();
  readonly #backlog: Backlog;
  readonly #health = new DoorbellHealth();
  readonly #reconciler: Reconciler;
  readonly #targets: ReachableTargets;
  #receiver: FanoutReceiver | undefined;
  #isStarted = false;
  #cancelTick: (() => void) | undefined;
  #ignored = 0;
  #unauthenticated = 0;
  #diverged = 0;
  #toldUnauthenticatedAt: number | undefined;
  /** The logs whose reading failed. */
  readonly #unread = new WeakMap<OpenLog, RetriedStep>();
  readonly #notifier: Notifier = {
    recordAppended: (key, { record, state }, targets) => {
      const inlined = this.#deps.inlineContent === false ? undefined : record;
      void this.#publish(targets, { kind: 'record', key, next: state.next, record: inlined });
    },
    watchChanged: (row, on, next, targets) => {
      void this.#publish(targets, { kind: 'watch', on, next, ...row });
    },
  };

  constructor(deps: OpenLogsDeps) {
    this.#deps = deps;
    this.#backlog = new Backlog(deps.backlogBytes);
    this.#targets = new ReachableTargets(deps.instance, deps.registry);
    this.#reconciler = new Reconciler({
      clock: deps.clock,
      read: (open) => this.#reconcile(open),
    });
  }

  /** Starts looking after open logs; doorbells are heard from {@link listen} on. */
  start(): void {
    this.#isStarted = true;
    this.#scheduleTick();
  }

  /** Hears doorbells at what was provisioned last, and nowhere else. */
  listen(): void {
    const { fanout, instance } = this.#deps;
    this.stopListening();
    this.#receiver = fanout.receive(instance, (text) => this.#onMessage(text));
  }

  /** Forgets that doorbells were heard. */
  doubt(): void {
    this.#health.reset();
  }

  /** Hears no doorbells any more. */
  stopListening(): void {
    void this.#receiver?.close();
    this.#receiver = undefined;
    this.#health.reset();
  }

  /** Stops hearing and looking; open logs stay readable. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    this.#reconciler.stop();
    const receiver = this.#receiver;
    this.#receiver = undefined;
    await receiver?.close();
  }

  /** Rings this instance while nobody taps here, so that a lost doorbell is noticed. */
  probe(): void {
    if (!this.#receiver || !this.#deps.fanout.delivers || this.#isAttended()) return;
    const now = this.#deps.clock.now();
    this.#health.rest();
    if (this.#health.shouldProbeIdle(now)) void this.#ringSelf(now);
  }

  /** What is known of the doorbell that this instance hears; undefined while it hears none. */
  get doorbell(): DoorbellView | undefined {
    const now = this.#deps.clock.now();
    return (
      this.#receiver && {
        isLost: this.#receiver.lost ?? false,
        isHeard: this.#health.heard(now),
        silentMs: this.#health.silentMs,
      }
    );
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

  release(open: OpenLog): void {
    open.release();
    if (open.isUsed) return;
    this.#logs.delete(taskKeyText(open.log.key));
    this.#unread.get(open)?.gaveUp();
  }

  /**
   * True while doorbells are seen to arrive: every few seconds while somebody waits here for news, every
   * {@link IDLE_CANARY_MS} otherwise. Undefined if the transport does not ring.
   */
  get healthy(): boolean | undefined {
    if (!this.#deps.fanout.delivers) return undefined;
    if (!this.#receiver?.healthy) return false;
    const now = this.#deps.clock.now();
    if (!this.#isAttended()) return this.#health.heard(now);
    // Others may sign with a key that is not known here.
    return this.#deps.keyring.isCurrent && this.#health.proven(now);
  }

  /** How long a doorbell is under way, by the last that this instance rang itself; milliseconds. */
  get lagMs(): number | undefined {
    return this.#health.lagMs;
  }

  get openLogs(): number {
    return this.#logs.size;
  }

  get taps(): number {
    let taps = 0;
    for (const open of this.#logs.values()) taps += open.taps;
    return taps;
  }

  /** What waits to be written, over all tasks. */
  get backlog(): Backlog {
    return this.#backlog;
  }

  /** Authentic doorbells of kinds that this release does not know. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Messages that were not proven to come from this fleet: they changed nothing. */
  get unauthenticated(): number {
    return this.#unauthenticated;
  }

  /** Logs that were read again, since messages had brought what the table does not hold. */
  get diverged(): number {
    return this.#diverged;
  }

  /** The watch ids that are held now: rows of others are left over from a late write. */
  heldWatches(): Set<string> {
    const held = new Set<string>();
    for (const open of this.#logs.values()) if (open.watchId !== undefined) held.add(open.watchId);
    return held;
  }

  /** Reads what is new in a log, if it is open here; does not wait for it. */
  catchUp(key: TaskKey): void {
    const open = this.#logs.get(taskKeyText(key));
    if (open) void this.#refresh(open);
  }

  /** Tells `targets` of the last record of a log, whoever wrote it: they read what they lack. */
  notifyEnd(open: OpenLog, targets: readonly string[]): void {
    void this.#publish(targets, { kind: 'record', key: open.log.key, next: open.log.state.next });
  }

  /** Tells `targets` that nobody needs to ring `instance` any more. */
  notifyGone(instance: string, targets: readonly string[]): void {
    this.#forget(instance);
    void this.#publish(targets, { kind: 'gone', instance });
  }

  #forget(instance: string): void {
    for (const open of this.#logs.values()) open.forget(instance);
  }

  /** True while somebody here waits for what others append. */
  #isAttended(): boolean {
    for (const open of this.#logs.values()) if (open.attended) return true;
    return false;
  }

  #open(key: TaskKey): OpenLog {
    const diverged = (): void => {
      this.#diverged += 1;
    };
    const delivers = this.#deps.fanout.delivers;
    return new OpenLog(key, {
      ...this.#deps,
      delivers,
      diverged,
      backlog: this.#backlog,
      notifier: this.#notifier,
    });
  }

  /** Where a fan-out delivers: true if it took the doorbell. */
  async #publish(targets: readonly string[], doorbell: Doorbell): Promise<boolean> {
    const { fanout, keyring } = this.#deps;
    const { seal } = keyring;
    if (!fanout.delivers || !seal) return false;
    const message = encodeDoorbell(doorbell, fanout.maxBytes, seal);
    try {
      const known = this.#targets.of(targets);
      // A known target is rung at once.
      const reachable = known instanceof Promise ? await known : known;
      if (reachable.length === 0) return false;
      // The fan-out counts and retries; what it gives up costs only the time to the next reading.
      return await fanout.publish(reachable, message);
    } catch (error) {
      this.#deps.logger.warn('doorbell.target-unknown', errorFields(error));
      return false;
    }
  }

  /** A ring that the transport did not take says nothing about this instance's doorbell. */
  async #ringSelf(at: number): Promise<void> {
    const { instance } = this.#deps;
    const receiver = this.#receiver;
    const isTaken = await this.#publish([instance], { kind: 'canary', instance, at });
    if (isTaken && receiver === this.#receiver) this.#health.taken(at);
  }

  #onMessage(text: string): void {
    const heard = decodeMessage(text, (seal, bell) => this.#deps.keyring.check(seal, bell));
    // Not left to the dead-letter queue: a stranger must not be able to fill it.
    if (heard === 'unauthenticated') {
      this.#onStranger();
      return;
    }
    // A newer release may have meant something by it.
    if (heard.unknown > 0) this.#health.unrecognized(this.#deps.clock.now());
    this.#ignored += heard.unknown;
    for (const bell of heard.bells) this.#onDoorbell(bell);
    // Left to the dead-letter queue; what was understood comes again and does nothing.
    if (heard.junk > 0) throw new BackendError('corrupt-log', 'Not a doorbell.');
  }

  /** Counts the message, and logs at most once a minute. */
  #onStranger(): void {
    this.#unauthenticated += 1;
    const now = this.#deps.clock.now();
    const told = this.#toldUnauthenticatedAt;
    if (told !== undefined && elapsed(told, now) < LOG_AGAIN_MS) return;
    this.#toldUnauthenticatedAt = now;
    this.#deps.logger.warn('doorbell.unauthenticated', { messages: this.#unauthenticated });
  }

  #onDoorbell(doorbell: Doorbell): void {
    const { instance: own, clock } = this.#deps;
    if (doorbell.kind === 'canary') {
      if (doorbell.instance === own) this.#health.returned(doorbell.at, clock.now());
      return;
    }
    if (doorbell.kind === 'gone') {
      this.#forget(doorbell.instance);
      return;
    }
    const open = this.#logs.get(taskKeyText(doorbell.key));
    if (!open) return;
    if (doorbell.kind === 'watch') {
      const { watch, instance, on, next } = doorbell;
      open.setWatcher(watch, instance, on);
      // What was written since it read, before this was heard, nobody has told it.
      if (on && compareSlots(next, open.log.state.next) < 0) this.notifyEnd(open, [instance]);
      return;
    }
    if (compareSlots(doorbell.next, open.log.state.next) <= 0) return;
    if (doorbell.record && this.#mayTake(open, doorbell.record)) return;
    void this.#refresh(open);
  }

  /**
   * Takes a record as a message brought it, if nothing here decides on it: not where runs append, nor
   * what ends or begins something, which is read. False: the log must be read.
   */
  #mayTake(open: OpenLog, record: LogRecord): boolean {
    if (this.#deps.inlineContent === false || open.hasRuns || !onlyAdds(record)) return false;
    return open.log.absorb(record);
  }

  /** While no log is open nothing has to be looked after. */
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
    const { clock, fanout } = this.#deps;
    const now = clock.now();
    if (!this.#isAttended()) this.#health.rest();
    else if (this.#receiver && this.#health.ring(now)) void this.#ringSelf(now);
    const whileRinging = reconcileInterval(this.healthy === true);
    this.#reconciler.reconcileDueLogs(this.#logs.values(), (open) =>
      fanout.delivers ? whileRinging : pollInterval(open),
    );
  }

  async #reconcile(open: OpenLog): Promise<void> {
    const before = open.log.state.next;
    await this.#refresh(open);
    // Who only reads would write what the writer does, each of them.
    if (open.hasRuns) open.maybeSnapshot();
    const news = compareSlots(before, open.log.state.next) < 0;
    open.countRead(news);
    // The writers do not know of our taps, or the way is closed: tell them again.
    if (news) open.announce();
  }

  async #refresh(open: OpenLog): Promise<void> {
    const now = this.#deps.clock.now();
    open.markRead(now);
    try {
      await open.log.refresh(false);
      this.#unread.get(open)?.succeeded();
    } catch (error) {
      // Soon again, though the doorbell works: it is what may have told of something.
      const isSoon = this.healthy === true && errorCode(error) !== 'corrupt-log';
      if (isSoon) open.markRead(now - (RECONCILE_MS - RECONCILE_UNPROVEN_MS));
      const { clock, logger } = this.#deps;
      const retried =
        this.#unread.get(open) ?? new RetriedStep('log.refresh-failed', { clock, logger });
      this.#unread.set(open, retried);
      retried.failed(error, taskFields(open.log.key));
    }
  }
}
