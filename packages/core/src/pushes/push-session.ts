import { compareSlots, type Slot } from '../model/slot.ts';
import type { LogState, PushStart } from '../model/state.ts';
import { elapsed } from '../ports/clock.ts';
import type { PushClaim, PushProgress, TaskPushes } from '../ports/push-ledger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { retryUntilDone } from '../retry.ts';
import { PushLane } from './push-lane.ts';
import type { PushReceiver, PushTransport } from './push-transport.ts';
import { type TakeClaimDeps, takeClaim } from './take-claim.ts';

export interface PushSessionDeps extends TakeClaimDeps {
  readonly transport: PushTransport;
  /** Returns true while the lease of this instance has not expired. */
  readonly isServing: () => boolean;
  /** True once the instance drains: no attempt is waited for any more. */
  readonly isDraining: () => boolean;
}

/**
 * How a session ended.
 *
 * - `done`: every event of the log up to its end was delivered, or given up
 * - `other`: another instance delivers the events, and knows that there are some
 * - `left`: events wait for another instance
 */
export type PushSessionEnd = 'done' | 'other' | 'left';

/** The failure of a configuration that was removed from a task that had ended. */
export const REMOVED = 'removed';

/**
 * The shortest time between two writes of the progress, in milliseconds. A kill repeats what was delivered
 * since the last write.
 */
const SAVE_MS = 50;
/** How long a session waits before it looks again for a missing configuration, in milliseconds. */
const MISSING_MS = [100, 1_000, 5_000];

/** The delivery of one task's events to its push configurations, while this instance is responsible. */
export class PushSession {
  readonly #open: OpenLog;
  readonly #deps: PushSessionDeps;
  readonly #lanes = new Map<string, PushLane>();
  /** The configurations as of the last look-up of their receivers; `undefined` to look again. */
  #pushes: LogState['pushes'] | undefined;
  #progress: TaskPushes = new Map();
  #claim: PushClaim | undefined;
  #answered: string | undefined;
  #isLost = false;
  #isDirty = false;
  /** When the progress was saved last, in milliseconds. */
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #cancelSave: (() => void) | undefined;
  #cancelLook: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #isWoken = false;
  #mustRead = false;
  #mustReload = false;
  #restarts: boolean;
  #isUnable = false;
  /** The end of the log when the responsibility ended. */
  #endedAt: Slot | undefined;
  /** Look-ups that did not find every configuration. */
  #missing = 0;

  /** `restarts`: see {@link restart}. */
  constructor(open: OpenLog, restarts: boolean, deps: PushSessionDeps) {
    this.#open = open;
    this.#restarts = restarts;
    this.#deps = deps;
  }

  /** True if a restart was asked for that has not begun. */
  get mustRestart(): boolean {
    return this.#restarts;
  }

  /** True if the log has grown since {@link run} ended. */
  get isBehind(): boolean {
    const endedAt = this.#endedAt;
    const hasGrown = endedAt && compareSlots(endedAt, this.#open.log.state.next) < 0;
    return this.#mustRead || this.#mustReload || this.#restarts || hasGrown === true;
  }

  /** Inspects the log and the lanes again. `reads`: the log has records that this handle may lack. */
  wake(reads = false): void {
    if (reads) this.#mustRead = true;
    this.#isWoken = true;
    this.#wake();
  }

  /**
   * Begins again with the configurations that were given up. Replaces the claim of another instance,
   * which may be alive.
   */
  restart(): void {
    this.#restarts = true;
    this.wake();
  }

  /** Looks up the receivers again: a configuration was stored. */
  reload(): void {
    this.#mustReload = true;
    this.#pushes = undefined;
    this.#missing = 0;
    this.wake();
  }

  /**
   * Delivers events until none waits and no run of this instance is open. Rejects with `draining` or
   * a lasting error of the table.
   */
  async run(): Promise<PushSessionEnd> {
    const unlisten = this.#open.log.listen(() => this.wake());
    const aborted = (): void => this.wake();
    this.#deps.signal.addEventListener('abort', aborted, { once: true });
    try {
      // Another process must not take this one for responsible.
      if (!(await this.#canDeliver())) return 'left';
      for (;;) {
        if (!(await this.#takeClaim())) return 'other';
        const end = await this.#deliver();
        if (end !== 'lost') return end;
      }
    } finally {
      // Lanes that end from now on must not be saved: the progress would be that of the claim.
      this.#claim = undefined;
      unlisten();
      this.#deps.signal.removeEventListener('abort', aborted);
      this.#closeLanes();
      this.#cancelSave?.();
      this.#cancelLook?.();
    }
  }

  /** Resolves with false if only other processes can deliver to the configurations. */
  async #canDeliver(): Promise<boolean> {
    const { key, state } = this.#open.log;
    const configs = [...state.pushes.keys()];
    this.#endedAt = state.next;
    const isAble = await retryUntilDone('push.store', this.#deps, () =>
      this.#deps.transport.canDeliver(key, configs),
    );
    if (!isAble) this.#restarts = false;
    return isAble;
  }

  /** Resolves with false if another instance delivers, and was asked to read the log again. */
  async #takeClaim(): Promise<boolean> {
    const { key, state } = this.#open.log;
    this.#isLost = false;
    this.#answered = undefined;
    this.#endedAt = state.next;
    const taken = await takeClaim(key, () => this.#restarts, this.#deps);
    if (!taken) return false;
    this.#claim = taken.claim;
    this.#progress = taken.pushes;
    return true;
  }

  async #deliver(): Promise<'done' | 'left' | 'lost'> {
    const { signal, isDraining } = this.#deps;
    // Other instances may have appended events before they asked.
    this.#mustRead = true;
    while (!this.#isLost) {
      this.#isWoken = false;
      if (signal.aborted) return 'left';
      if (this.#mustRead) await this.#refresh();
      if (this.#restarts) this.#restartFailed();
      await this.#updateLanes();
      for (const lane of this.#lanes.values()) void lane.run();
      const lanes = [...this.#lanes.values()];
      if (this.#isUnable && lanes.every((lane) => lane.isAtRest)) {
        // Without this claim, an instance that can deliver need not wait for the end of this one.
        const released = await this.#release();
        if (released === 'again') continue;
        return released === 'done' ? 'left' : released;
      }
      if (lanes.every((lane) => lane.isAtRest)) {
        // A run of a task without configurations does not report its end.
        const { hasRuns, log } = this.#open;
        if (!hasRuns || log.state.pushes.size === 0 || isDraining()) {
          const released = await this.#release();
          if (released !== 'again') return released;
          continue;
        }
      } else if (isDraining() && lanes.every((lane) => lane.isAtRest || lane.isWaiting)) {
        await this.#save();
        return 'left';
      }
      if (!this.#isWoken) await this.#woken();
    }
    this.#closeLanes();
    return 'lost';
  }

  #restartFailed(): void {
    this.#restarts = false;
    const restarted = new Map(this.#current());
    for (const [id, { place, failure }] of restarted) {
      if (failure === undefined || failure === REMOVED) continue;
      restarted.set(id, { place });
      const lane = this.#lanes.get(id);
      if (lane) this.#closeLane(id, lane);
    }
    this.#progress = restarted;
    this.#pushes = undefined;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Opens a lane for each configuration that exists, and closes those of removed ones. */
  async #updateLanes(): Promise<void> {
    const { transport } = this.#deps;
    const { log } = this.#open;
    const { pushes, deleted } = log.state;
    if (pushes === this.#pushes && !deleted) return;
    if (this.#pushes) this.#missing = 0;
    this.#pushes = pushes;
    this.#mustReload = false;
    const ids = deleted ? [] : [...pushes.keys()];
    const receivers =
      ids.length === 0
        ? new Map()
        : await retryUntilDone('push.store', this.#deps, () => transport.receivers(log.key, ids));
    this.#isUnable = ids.some((id) => {
      const hasEnded = this.#progress.get(id)?.failure !== undefined;
      return !hasEnded && transport.mustLeave(id, receivers.has(id));
    });
    if (receivers.size < ids.length) this.#lookAgain();
    for (const [id, lane] of this.#lanes) {
      if (!receivers.has(id)) this.#closeLane(id, lane);
    }
    for (const [id, receiver] of receivers) {
      const start = pushes.get(id) as PushStart;
      const known = this.#lanes.get(id);
      if (known?.isOf(start)) {
        known.update(start, receiver);
        continue;
      }
      // It was removed and set again, or its receiver was missing for a while.
      if (known) this.#closeLane(id, known);
      this.#lanes.set(id, this.#newLane(id, start, receiver));
    }
  }

  /** A configuration is stored right after its entry in the log. */
  #lookAgain(): void {
    const ms = MISSING_MS[this.#missing];
    this.#missing += 1;
    if (ms === undefined) return;
    const { clock } = this.#deps;
    this.#cancelLook?.();
    this.#cancelLook = clock.after(ms, () => {
      this.#pushes = undefined;
      this.wake();
    });
  }

  #newLane(id: string, start: PushStart, receiver: PushReceiver): PushLane {
    return new PushLane(id, start, this.#progress.get(id), receiver, {
      ...this.#deps,
      open: this.#open,
      changed: () => this.#changed(),
    });
  }

  #changed(): void {
    if (!this.#claim) return;
    this.#isDirty = true;
    const { clock } = this.#deps;
    const waitMs = Math.max(0, SAVE_MS - elapsed(this.#savedAtMs, clock.now()));
    this.#cancelSave ??= clock.after(waitMs, () => {
      this.#cancelSave = undefined;
      void this.#save();
    });
    this.wake();
  }

  /** Saves the progress if it has changed. Never rejects. */
  #save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const { ledger, clock } = this.#deps;
      const claim = this.#claim;
      if (!this.#isDirty || !claim || this.#isLost) return;
      this.#isDirty = false;
      this.#savedAtMs = clock.now();
      const pushes = this.#current();
      const { key } = this.#open.log;
      try {
        const isHeld = await this.#untilDone(() => ledger.save(key, claim, pushes, clock.now()));
        if (!isHeld) this.#lose();
      } catch {
        // The instance stops: the next one repeats the last events.
      }
    });
    return this.#saving;
  }

  async #release(): Promise<'done' | 'lost' | 'again'> {
    const { ledger, clock } = this.#deps;
    const { log } = this.#open;
    const claim = this.#claim as PushClaim;
    // The lanes are at rest here; a record that is appended from now on needs another session.
    this.#endedAt = log.state.next;
    await this.#saving;
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    const pushes = this.#current();
    const released = await this.#untilDone(() =>
      ledger.release(log.key, claim, pushes, clock.now(), this.#answered),
    );
    if (released === 'lost') {
      this.#lose();
      return 'lost';
    }
    if (released === 'released') return 'done';
    this.#answered = released.asked;
    // It may have set a configuration again.
    this.#pushes = undefined;
    this.#mustRead = true;
    return 'again';
  }

  #lose(): void {
    this.#isLost = true;
    this.#closeLanes();
    this.wake();
  }

  /** Returns the progress of the configurations that the task still has. */
  #current(): TaskPushes {
    const current = new Map<string, PushProgress>();
    for (const id of this.#open.log.state.pushes.keys()) {
      const progress = this.#lanes.get(id)?.progress ?? this.#progress.get(id);
      if (progress) current.set(id, progress);
    }
    return current;
  }

  async #refresh(): Promise<void> {
    const { log } = this.#open;
    this.#mustRead = false;
    await this.#untilDone(() => log.refresh());
  }

  #closeLanes(): void {
    for (const [id, lane] of this.#lanes) this.#closeLane(id, lane);
    this.#pushes = undefined;
  }

  #closeLane(id: string, lane: PushLane): void {
    this.#progress = new Map(this.#progress).set(id, lane.progress);
    lane.close();
    this.#lanes.delete(id);
  }

  #untilDone<T>(step: () => Promise<T>): Promise<T> {
    return retryUntilDone('push.table', this.#deps, step);
  }
}
