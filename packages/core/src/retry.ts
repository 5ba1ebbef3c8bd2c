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
  const retried = new RetriedStep(`${name}-retried`, deps);
  try {
    for (let failures = 0; ; ) {
      if (deps.signal.aborted) throw new BackendError('draining', 'The instance has stopped.');
      try {
        const done = await step();
        retried.succeeded();
        return done;
      } catch (error) {
        if (FINAL.has(errorCode(error))) throw error;
        failures += 1;
        retried.failed(error);
        await sleep(deps.clock, backoff(failures, deps.entropy), deps.signal);
      }
    }
  } finally {
    retried.gaveUp();
  }
}

/**
 * Returns the milliseconds to wait after the nth consecutive failure: doubling from 25 to 1,000,
 * with jitter.
 */
export function backoff(failures: number, entropy: Entropy): number {
  const ceiling = Math.min(1_000, 25 * 2 ** Math.min(failures, 10));
  return ceiling / 2 + (entropy.random() * ceiling) / 2;
}
