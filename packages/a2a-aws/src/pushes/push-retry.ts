import { backoff } from '@a2a-aws/core/internal';
import type { PushFailure, WebhookOutcome } from './webhook-call.ts';

/** The longest waits after the first failure and of all, in milliseconds. */
const RANGE = { firstMs: 300, longestMs: 5 * 60_000 };

export interface FailedPush {
  readonly outcome: Exclude<WebhookOutcome, { kind: 'delivered' }>;
  /** The attempts at this event that failed, this one included. */
  readonly attempts: number;
  /** The time of the first of the failures in a row, in milliseconds. */
  readonly failingSince: number;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
  /** How long attempts may fail before the configuration is given up, in milliseconds. */
  readonly limitMs: number;
}

export type RetryDecision =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'give-up'; readonly reason: PushFailure };

/**
 * Decides what follows a failed attempt. The next one comes no earlier than the receiver asked for, and
 * no later than the limit, so that the last attempt is made at the limit.
 */
export function decideRetry(failed: FailedPush): RetryDecision {
  const { outcome, attempts, failingSince, now, random, limitMs } = failed;
  const giveUp = { kind: 'give-up', reason: outcome.reason } as const;
  if (outcome.kind === 'refused') return giveUp;
  // A clock that was set back must not end retries, or make them last forever.
  const leftMs = Math.min(limitMs, limitMs - (now - failingSince));
  if (leftMs <= 0) return giveUp;
  const ms = Math.max(backoff(attempts, random, RANGE), outcome.afterMs ?? 0);
  return { kind: 'wait', ms: Math.min(ms, leftMs) };
}
