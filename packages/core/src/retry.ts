import { BackendError, errorCode } from './errors.ts';
import { RetriedStep } from './logging/retried-step.ts';
import { type Clock, sleep } from './ports/clock.ts';
import type { Entropy } from './ports/entropy.ts';
import type { Logger } from './ports/logger.ts';

export interface RetryDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Aborts when the instance stops. */
  readonly signal: AbortSignal;
}

/** The time between tries: twice as long after each failure, up to a limit. */
export interface BackoffRange {
  /** The longest wait after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** The longest wait of all, in milliseconds. */
  readonly longestMs: number;
}

/** The time between tries of a call to the table. */
const CALL_RANGE: BackoffRange = { firstMs: 50, longestMs: 1_000 };

/** Codes of errors that every repetition of the same step would meet again. */
const FINAL: ReadonlySet<string> = new Set([
  'invalid-key',
  'invalid-event',
  'event-too-large',
  'table-mismatch',
  'configuration',
  'corrupt-log',
]);

/**
 * Retries an idempotent step with backoff until it succeeds. Its failures are logged as
 * `<name>-retried` and `<name>-recovered`, see {@link RetriedStep}. Rejects with `draining` when
 * the instance stops, and with any error that is not retryable.
 */
export async function retryUntilDone<T>(
  name: string,
  deps: RetryDeps,
  step: () => Promise<T>,
): Promise<T> {
  const retries = new Retries(`${name}-retried`, deps);
  try {
    for (;;) {
      if (deps.signal.aborted) throw new BackendError('draining', 'The instance has stopped.');
      try {
        const done = await step();
        retries.succeeded();
        return done;
      } catch (error) {
        if (FINAL.has(errorCode(error))) throw error;
        await retries.failed(error);
      }
    }
  } finally {
    retries.gaveUp();
  }
}

/**
 * The consecutive failures of one step: counts and logs them, and waits before the next try. It is
 * for loops that end otherwise than {@link retryUntilDone}.
 */
export class Retries {
  readonly #deps: RetryDeps;
  readonly #step: RetriedStep;
  #failures = 0;

  /** `event`: the name of a failure's line, see {@link RetriedStep}. */
  constructor(event: string, deps: RetryDeps) {
    this.#deps = deps;
    this.#step = new RetriedStep(event, deps);
  }

  /** Resolves when the step may be tried again, or at once when the instance stops. */
  failed(error: unknown): Promise<void> {
    const { clock, entropy, signal } = this.#deps;
    this.#failures += 1;
    this.#step.failed(error);
    return sleep(clock, backoff(this.#failures, entropy.random()), signal);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#step.succeeded();
  }

  /** Must be called when a failed step will not be tried again. */
  gaveUp(): void {
    this.#step.gaveUp();
  }
}

/**
 * Returns the milliseconds to wait after the nth consecutive failure: between half and the whole of
 * a time that doubles from failure to failure. `random` is in [0, 1).
 */
export function backoff(
  failures: number,
  random: number,
  { firstMs, longestMs }: BackoffRange = CALL_RANGE,
): number {
  const whole = Math.min(longestMs, firstMs * 2 ** (failures - 1));
  return whole / 2 + (random * whole) / 2;
}
