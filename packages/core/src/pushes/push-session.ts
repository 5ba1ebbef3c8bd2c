import { compareSlots, type Slot } from '../model/slot.ts';
import { elapsed } from '../ports/clock.ts';
import type { PushClaim } from '../ports/push-ledger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { retryUntilDone } from '../retry.ts';
import { PushLanes } from './push-lanes.ts';
import type { PushTransport } from './push-transport.ts';
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

/**
 * The shortest time between two writes of the progress, in milliseconds. A kill repeats what was delivered
 * since the last write.
 */
const SAVE_MS = 50;
/** The delivery of one task's events to its push configurations, while this instance is responsible. */
export class PushSession {
  readonly #open: OpenLog;
  readonly #deps: PushSessionDeps;
  readonly #lanes: PushLanes;
  #claim: PushClaim | undefined;
  #answered: string | undefined;
  #isLost = false;
  #isDirty = false;
  /** When the progress was saved last, in milliseconds. */
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #cancelSave: (() => void) | undefined;
  #saving: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #isWoken = false;
  #mustRead = false;
  #mustReload = false;
  #restarts: boolean;
  /** The end of the log when the responsibility ended. */
  #endedAt: Slot | undefined;

  /** `restarts`: see {@link restart}. */
  constructor(open: OpenLog, restarts: boolean, deps: PushSessionDeps) {
    this.#open = open;
    this.#restarts = restarts;
    this.#deps = deps;
    const changed = (): void => this.#changed();
    const outdated = (): void => this.wake();
    this.#lanes = new PushLanes({ ...deps, open, changed, outdated });
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
    this.#lanes.reload();
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
      this.#lanes.end();
      this.#cancelSave?.();
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
    this.#lanes.begin(taken.pushes);
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
      if (this.#restarts) {
        this.#restarts = false;
        this.#lanes.restartFailed();
      }
      if (this.#lanes.isOutdated) {
        this.#mustReload = false;
        await this.#lanes.update();
      }
      this.#lanes.run();
      const { isAtRest, isUnable, isWaiting } = this.#lanes;
      if (isUnable && isAtRest) {
        // Without this claim, an instance that can deliver need not wait for the end of this one.
        const released = await this.#release();
        if (released === 'again') continue;
        return released === 'done' ? 'left' : released;
      }
      if (isAtRest) {
        // A run of a task without configurations does not report its end.
        const { hasRuns, log } = this.#open;
        if (!hasRuns || log.state.pushes.size === 0 || isDraining()) {
          const released = await this.#release();
          if (released !== 'again') return released;
          continue;
        }
      } else if (isWaiting && isDraining()) {
        await this.#save();
        return 'left';
      }
      if (!this.#isWoken) await this.#woken();
    }
    this.#lanes.close();
    return 'lost';
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
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
      const pushes = this.#lanes.progress;
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
    const pushes = this.#lanes.progress;
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
    this.#lanes.expire();
    this.#mustRead = true;
    return 'again';
  }

  #lose(): void {
    this.#isLost = true;
    this.#lanes.close();
    this.wake();
  }

  async #refresh(): Promise<void> {
    const { log } = this.#open;
    this.#mustRead = false;
    await this.#untilDone(() => log.refresh());
  }

  #untilDone<T>(step: () => Promise<T>): Promise<T> {
    return retryUntilDone('push.table', this.#deps, step);
  }
}
