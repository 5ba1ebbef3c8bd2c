import type { FailedPush, PushRetry } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideRetry } from '../../src/pushes/push-retry.ts';

const DAY_MS = 86_400_000;
const FIVE_MINUTES_MS = 300_000;

/** A failed attempt, and how long attempts may fail. */
type Limited = FailedPush & { readonly limitMs: number };

const failed: Limited = {
  outcome: { kind: 'retry', reason: 'timeout' },
  attempts: 1,
  failingSince: 1_000_000,
  now: 1_000_000,
  random: 0.5,
  limitMs: DAY_MS,
};

const failures: fc.Arbitrary<Limited> = fc.record({
  outcome: fc.record({
    kind: fc.constant('retry' as const),
    reason: fc.constant('http-503' as const),
    afterMs: fc.nat(DAY_MS),
  }),
  attempts: fc.integer({ min: 1, max: 10_000 }),
  failingSince: fc.nat(2 ** 40),
  now: fc.nat(2 ** 40),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  limitMs: fc.integer({ min: 1, max: 30 * DAY_MS }),
});

function decide({ limitMs, ...push }: Limited): PushRetry {
  return decideRetry(push, limitMs);
}

/** Returns the wait; fails if there is none. */
function waitOf(push: Limited): number {
  const decision = decide(push);
  if (decision.kind !== 'wait') throw new Error(`Gives up: ${decision.reason}`);
  return decision.ms;
}

test('The first wait is 0.15 to 0.3 s; each further one is twice as long, up to 5 minutes.', () => {
  expect(waitOf({ ...failed, random: 0 })).toBe(150);
  expect(waitOf({ ...failed, random: 0.999_999 })).toBeCloseTo(300, 1);
  expect(waitOf({ ...failed, attempts: 2, random: 0 })).toBe(300);
  expect(waitOf({ ...failed, attempts: 11, random: 0 })).toBe(FIVE_MINUTES_MS / 2);
  expect(waitOf({ ...failed, attempts: 10_000, random: 0 })).toBe(FIVE_MINUTES_MS / 2);
});

test('A receiver that asks for a time is not called before.', () => {
  const outcome = { kind: 'retry', reason: 'http-429', afterMs: 3_600_000 } as const;
  expect(waitOf({ ...failed, outcome })).toBe(3_600_000);
});

test('A refusal ends the retries at once, with its reason.', () => {
  const outcome = { kind: 'refused', reason: 'http-410' } as const;
  expect(decide({ ...failed, outcome })).toEqual({ kind: 'give-up', reason: 'http-410' });
});

test('The limit ends the retries, after a last attempt at the limit.', () => {
  const { failingSince } = failed;
  const now = failingSince + DAY_MS - 100;
  expect(waitOf({ ...failed, attempts: 300, now })).toBe(100);
  expect(decide({ ...failed, now: failingSince + DAY_MS })).toEqual({
    kind: 'give-up',
    reason: 'timeout',
  });
});

test('Every wait is finite, above 0 and within the limit, whatever the clock does.', () => {
  fc.assert(
    fc.property(failures, (push) => {
      const decision = decide(push);
      if (decision.kind === 'give-up') {
        expect(push.now - push.failingSince).toBeGreaterThanOrEqual(push.limitMs);
        return;
      }
      expect(decision.ms).toBeGreaterThan(0);
      expect(decision.ms).toBeLessThanOrEqual(push.limitMs);
    }),
  );
});

test('Retries end, and the last attempt is at the limit, however the receiver answers.', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(DAY_MS), { minLength: 1, maxLength: 20 }), (asked) => {
      let push = { ...failed, limitMs: 3_600_000 };
      for (let at = 0; ; at += 1) {
        const afterMs = asked[at % asked.length] ?? 0;
        const outcome = { kind: 'retry', reason: 'http-503', afterMs } as const;
        const decision = decide({ ...push, outcome });
        if (decision.kind === 'give-up') break;
        push = { ...push, now: push.now + decision.ms, attempts: push.attempts + 1 };
      }
      expect(push.now).toBe(push.failingSince + push.limitMs);
    }),
  );
});

test('More failures never lead to a shorter wait.', () => {
  fc.assert(
    fc.property(failures, (push) => {
      const later = decide({ ...push, attempts: push.attempts + 1 });
      const now = decide(push);
      if (now.kind === 'wait' && later.kind === 'wait') {
        expect(later.ms).toBeGreaterThanOrEqual(now.ms);
      }
    }),
  );
});
