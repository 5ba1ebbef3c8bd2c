import type { Clock } from '../clock.ts';
import type { Entropy } from '../entropy.ts';
import { BackendError, errorCode } from '../errors.ts';
import type { InstanceRegistry } from '../instances/registry.ts';
import type { Step } from '../log/fold.ts';
import { LogUpkeep } from '../log/log-upkeep.ts';
import { compareSlots } from '../log/slot.ts';
import type { LogStorage } from '../log/storage.ts';
import { TaskLog } from '../log/task-log.ts';
import type { Logger } from '../logger.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { decodeDoorbell, encodeDoorbell, isOtherVersion } from './doorbell.ts';
import { DoorbellHealth, RECONCILE_MS, RECONCILE_UNPROVEN_MS } from './doorbell-health.ts';
import type { Fanout, FanoutReceiver } from './fanout.ts';
import { HeadWriter } from './head-writer.ts';
import { OpenLog } from './open-log.ts';
import { WatchKeeper } from './watch-keeper.ts';

export interface FeedDeps {
  readonly instance: string;
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
}

/** How often open logs are looked at, in milliseconds. */
const TICK_MS = 500;
/** Reads of open logs under way at once. */
const RECONCILE_WIDTH = 16;

/** The logs that this instance has open, kept up to date by doorbells and, without them, by reading. */
export class Feed {
  readonly #deps: FeedDeps;
  readonly #logs = new Map<string, OpenLog>();
  readonly #health = new DoorbellHealth();
  #receiver: FanoutReceiver | undefined;
  #cancelTick: (() => void) | undefined;
  #reading = 0;
  #ignored = 0;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  /** Starts hearing doorbells and looking after open logs. */
  start(): void {
    const { fanout, instance } = this.#deps;
    this.#receiver = fanout.receive(instance, (text) => this.#onMessage(text));
    this.#scheduleTick();
  }

  /** Stops both; open logs stay readable. */
  async stop(): Promise<void> {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
    await this.#receiver?.close();
    this.#receiver = undefined;
  }

  /** The log of a task, shared by all who use it now; pair with {@link release}. */
  acquire(key: TaskKey): OpenLog {
    const text = taskKeyText(key);
    let open = this.#logs.get(text);
    if (!open) {
      open = this.#open(key);
      this.#logs.set(text, open);
    }
    open.users += 1;
    return open;
  }

  release(open: OpenLog): void {
    open.users -= 1;
    if (open.users === 0) this.#logs.delete(taskKeyText(open.log.key));
  }

  /** True while doorbells are seen to arrive, or none are needed and the queue answers. */
  get healthy(): boolean {
    if (this.#isAttended()) return this.#health.proven(this.#deps.clock.now());
    return this.#receiver?.healthy ?? false;
  }

  get openLogs(): number {
    return this.#logs.size;
  }

  get taps(): number {
    let taps = 0;
    for (const open of this.#logs.values()) taps += open.taps;
    return taps;
  }

  /** Bytes that wait to be written. */
  get backlog(): number {
    let bytes = 0;
    for (const open of this.#logs.values()) bytes += open.log.backlog;
    return bytes;
  }

  /** Messages that were no doorbell of a version this release reads. */
  get ignored(): number {
    return this.#ignored;
  }

  /** The watch ids that are held now: rows of others are left over from a late write. */
  heldWatches(): Set<string> {
    const held = new Set<string>();
    for (const open of this.#logs.values()) if (open.watch.row) held.add(open.watch.row.watch);
    return held;
  }

  /** Tells `targets` of the last record of a log, whoever wrote it: they read what they lack. */
  ringEnd(open: OpenLog, targets: readonly string[]): void {
    this.#publish(targets, { kind: 'record', key: open.log.key, next: open.log.state.next });
  }

  /** True while somebody here waits for what others append. */
  #isAttended(): boolean {
    for (const open of this.#logs.values()) if (open.taps > 0 || open.watch.row) return true;
    return false;
  }

  #open(key: TaskKey): OpenLog {
    const { instance, storage, registry, clock } = this.#deps;
    const log = new TaskLog(key, this.#deps);
    const watch = new WatchKeeper(key, {
      ...this.#deps,
      removed: (row) => open.retract(row),
    });
    const head = new HeadWriter(log, this.#deps);
    const upkeep = new LogUpkeep(log, this.#deps);
    const open = new OpenLog({ log, head, watch, upkeep }, clock.now(), {
      storage,
      registry,
      instance,
      ring: (step, targets) => this.#ring(key, step, targets),
      announce: (row, on, targets) => {
        this.#publish(targets, { kind: 'watch', on, ...row });
      },
    });
    return open;
  }

  #ring(key: TaskKey, step: Step, targets: readonly string[]): void {
    this.#publish(targets, { kind: 'record', key, next: step.state.next, record: step.record });
  }

  #publish(targets: readonly string[], doorbell: Parameters<typeof encodeDoorbell>[0]): void {
    const { fanout } = this.#deps;
    // The fan-out counts and retries; what it gives up costs only the time to the next reading.
    void fanout.publish(targets, encodeDoorbell(doorbell, fanout.maxBytes));
  }

  #onMessage(text: string): void {
    const doorbell = decodeDoorbell(text);
    this.#health.heard(this.#deps.clock.now());
    if (!doorbell) {
      // Left to the dead-letter queue, unless a newer release may have meant something by it.
      if (!isOtherVersion(text)) throw new BackendError('corrupt-log', 'Not a doorbell.');
      this.#ignored += 1;
      return;
    }
    if (doorbell.kind === 'canary') return;
    const open = this.#logs.get(taskKeyText(doorbell.key));
    if (!open) return;
    if (doorbell.kind === 'watch') {
      open.setWatcher(doorbell.watch, doorbell.instance, doorbell.on);
      return;
    }
    if (compareSlots(doorbell.next, open.log.state.next) <= 0) return;
    if (doorbell.record && open.log.absorb(doorbell.record)) return;
    void this.#refresh(open);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#deps.clock.after(TICK_MS, () => {
      this.#tick();
      this.#scheduleTick();
    });
  }

  #tick(): void {
    const { clock, instance } = this.#deps;
    const now = clock.now();
    if (!this.#isAttended()) this.#health.rest();
    else if (this.#health.ring(now)) this.#publish([instance], { kind: 'canary' });
    const interval = this.healthy ? RECONCILE_MS : RECONCILE_UNPROVEN_MS;
    const due = [...this.#logs.values()].filter(
      (open) => !open.log.state.sealed && now - open.reconciledAt >= interval,
    );
    // Who has waited longest goes first: with many logs each has its turn.
    due.sort((a, b) => a.reconciledAt - b.reconciledAt);
    for (const open of due.slice(0, RECONCILE_WIDTH - this.#reading)) {
      open.reconciledAt = now;
      void this.#reconcile(open);
    }
  }

  async #reconcile(open: OpenLog): Promise<void> {
    const before = open.log.state.next;
    this.#reading += 1;
    await this.#refresh(open);
    this.#reading -= 1;
    open.upkeep.look();
    // The writers do not know of our taps, or the way is closed: tell them again.
    if (compareSlots(before, open.log.state.next) < 0) open.announce();
  }

  async #refresh(open: OpenLog): Promise<void> {
    try {
      await open.log.refresh();
    } catch (error) {
      // The next tick tries again.
      this.#deps.logger.warn('log.refresh-failed', { code: errorCode(error) });
    }
  }
}
