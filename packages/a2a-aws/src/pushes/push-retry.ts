import { backoff, type FailedPush, type PushRetry } from '@a2a-aws/core/internal';

/** The longest waits after the first failure and of all, in milliseconds. */
const RANGE = { firstMs: 300, longestMs: 5 * 60_000 };

/**
 * Decides what follows a failed attempt. The next one comes no earlier than the receiver asked for, and
 * no later than the limit, so that the last attempt is made at the limit. `limitMs`: how long attempts
 * may fail before the configuration is given up.
 */
export function decideRetry(failed: FailedPush, limitMs: number): PushRetry {
  const { outcome, attempts, failingSince, now, random } = failed;
  const giveUp = { kind: 'give-up', reason: outcome.reason } as const;
  if (outcome.kind === 'refused') return giveUp;
  // A clock that was set back must not end retries, or make them last forever.
  const leftMs = Math.min(limitMs, limitMs - (now - failingSince));
  if (leftMs <= 0) return giveUp;
  const ms = Math.max(backoff(attempts, random, RANGE), outcome.afterMs ?? 0);
  return { kind: 'wait', ms: Math.min(ms, leftMs) };
}
