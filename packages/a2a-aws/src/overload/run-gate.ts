import type { Clock, Logger } from '@a2a-aws/core';
import { elapsed } from '@a2a-aws/core/internal';
import { LoopLoad } from './loop-load.ts';
import {
  type Overload,
  type OverloadLimits,
  type OverloadReason,
  overloadOf,
  waitedTooLong,
} from './overload.ts';
import { OverloadedError } from './overloaded-error.ts';

/** How long the event loop is measured after a message, in milliseconds. */
const MEASURED_MS = 5_000;

export interface RunGateDeps {
  readonly limits: OverloadLimits;
  /** Returns the number of runs that execute on this instance. */
  readonly running: () => number;
  readonly clock: Clock;
  /** Returns for how many milliseconds the event loop has not been idle so far. */
  readonly busyMs: () => number;
  readonly logger: Logger;
}

/** A message that waits to be started. */
interface Waiting {
  readonly sinceMs: number;
  readonly enter: () => void;
}

/** A time in which new runs are refused. */
interface Episode {
  readonly reason: OverloadReason;
  readonly sinceMs: number;
  refused: number;
}

/**
 * The gate of new runs on this instance. It lets a limited number of them start at once, and refuses
 * those that the instance cannot handle, before their first call to AWS.
 */
export class RunGate {
  readonly #deps: RunGateDeps;
  readonly #loop: LoopLoad;
  /** In their order of arrival. */
  readonly #waiting = new Set<Waiting>();
  #starting = 0;
  #refused = 0;
  /** When the last message came, in milliseconds. */
  #cameAtMs = 0;
  #episode: Episode | undefined;

  constructor(deps: RunGateDeps) {
    this.#deps = deps;
    this.#loop = new LoopLoad(deps.clock, deps.busyMs);
  }

  /** True while new runs are refused. */
  get isOverloaded(): boolean {
    return this.#episode !== undefined;
  }

  /** How late the event loop is, in milliseconds; 0 if no message has come for some seconds. */
  get lagMs(): number {
    return this.#loop.lagMs;
  }

  /** Runs that are being started, or wait to be started. */
  get starting(): number {
    return this.#starting + this.#waiting.size;
  }

  /** Runs that were refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Does the work of starting a run once it may begin. Rejects as the work does, or with
   * {@link OverloadedError}, before the work has begun. `away` aborts when this instance sends its
   * waiting callers away: the work then begins at once, and finds that out.
   */
  async enter<T>(away: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#cameAtMs = this.#deps.clock.now();
    this.#loop.measureWhile(() => this.#isMeasured());
    const overload = this.#look();
    if (overload) throw this.#refusal(overload);
    if (this.#starting < this.#deps.limits.maxStarts) this.#starting += 1;
    else await this.#wait(away);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Resolves with a place in {@link #starting}. */
  async #wait(away: AbortSignal): Promise<void> {
    const { clock, limits } = this.#deps;
    const hasPlace = await new Promise<boolean>((resolve) => {
      const end = (isFree: boolean): void => {
        cancel();
        away.removeEventListener('abort', leave);
        this.#waiting.delete(waiting);
        resolve(isFree);
      };
      const leave = (): void => {
        this.#starting += 1;
        end(true);
      };
      // A finished start passes its place on.
      const waiting = { sinceMs: clock.now(), enter: () => end(true) };
      const cancel = clock.after(limits.maxWaitMs, () => {
        // The first in the queue has waited too long: an overload, whose end its messages await.
        this.#look();
        end(false);
      });
      this.#waiting.add(waiting);
      if (away.aborted) leave();
      else away.addEventListener('abort', leave, { once: true });
    });
    if (hasPlace) return;
    throw this.#refusal(waitedTooLong(limits));
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next && this.#starting <= this.#deps.limits.maxStarts) next.enter();
    else this.#starting -= 1;
    this.#look();
  }

  /** Ends the measurement of the event loop, when the instance stops. The next message begins another one. */
  stop(): void {
    this.#loop.stop();
  }

  /** Returns the overload of this moment, and notes where an episode of it begins or ends. */
  #look(): Overload | undefined {
    const { limits, running, clock, logger } = this.#deps;
    const now = clock.now();
    const [first] = this.#waiting;
    const load = {
      lagMs: this.#loop.lagMs,
      busyShare: this.#loop.busyShare,
      runs: running() + this.starting,
      waitedMs: first ? Math.min(elapsed(first.sinceMs, now), limits.maxWaitMs) : 0,
    };
    const overload = overloadOf(load, limits, this.#episode?.reason);
    if (overload && !this.#episode) {
      const { reason } = overload;
      this.#episode = { reason, sinceMs: now, refused: 0 };
      logger.warn('overload.began', { reason, ...load });
    } else if (!overload && this.#episode) {
      const { reason, sinceMs, refused } = this.#episode;
      this.#episode = undefined;
      logger.info('overload.ended', { reason, refused, durationMs: Math.max(0, now - sinceMs) });
    }
    return overload;
  }

  /** Also notices the end of an overload without another message. */
  #isMeasured(): boolean {
    const isOverloaded = this.#look() !== undefined;
    const isRecent = elapsed(this.#cameAtMs, this.#deps.clock.now()) < MEASURED_MS;
    return isOverloaded || this.starting > 0 || isRecent;
  }

  #refusal(overload: Overload): OverloadedError {
    this.#refused += 1;
    if (this.#episode) this.#episode.refused += 1;
    return new OverloadedError(overload);
  }
}
