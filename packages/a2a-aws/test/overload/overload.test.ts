import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_OVERLOAD_LIMITS,
  type Load,
  type OverloadLimits,
  overloadOf,
} from '../../src/overload/overload.ts';

const limits: fc.Arbitrary<OverloadLimits> = fc.record({
  maxLagMs: fc.integer({ min: 1, max: 10_000 }),
  maxRuns: fc.integer({ min: 1, max: 100_000 }),
  maxStarts: fc.integer({ min: 1, max: 1_000 }),
  maxWaitMs: fc.integer({ min: 1, max: 100_000 }),
});
const load: fc.Arbitrary<Load> = fc.record({
  lagMs: fc.nat(30_000),
  runs: fc.nat(200_000),
  waitedMs: fc.nat(20_000),
});

/** True if the load is at least as large in each respect. */
const isMore = (a: Load, b: Load): boolean =>
  a.lagMs >= b.lagMs && a.runs >= b.runs && a.waitedMs >= b.waitedMs;

describe('an overload', () => {
  test.each([
    [{ lagMs: 999, runs: 4_999, waitedMs: 4_999 }, undefined],
    [
      { lagMs: 1_000, runs: 0, waitedMs: 0 },
      { reason: 'lag', retryAfterSeconds: 2 },
    ],
    [
      { lagMs: 3_000, runs: 0, waitedMs: 0 },
      { reason: 'lag', retryAfterSeconds: 6 },
    ],
    [
      { lagMs: 0, runs: 5_000, waitedMs: 0 },
      { reason: 'runs', retryAfterSeconds: 2 },
    ],
    [
      { lagMs: 0, runs: 0, waitedMs: 5_000 },
      { reason: 'starts', retryAfterSeconds: 5 },
    ],
  ])('begins at a limit: %o', (given, expected) => {
    expect(overloadOf(given, DEFAULT_OVERLOAD_LIMITS, false)).toEqual(expected);
  });

  test('does not end with a load at which it begins, and ends without load', () => {
    fc.assert(
      fc.property(load, limits, (given, most) => {
        if (overloadOf(given, most, false)) expect(overloadOf(given, most, true)).toBeDefined();
      }),
    );
    const calm = { lagMs: 0, runs: 0, waitedMs: 0 };
    fc.assert(fc.property(limits, (most) => overloadOf(calm, most, true) === undefined));
  });

  test('goes on below each limit, and ends clearly below it', () => {
    const still = (some: Partial<Load>) =>
      overloadOf({ lagMs: 0, runs: 0, waitedMs: 0, ...some }, DEFAULT_OVERLOAD_LIMITS, true)
        ?.reason;
    expect([still({ lagMs: 500 }), still({ lagMs: 499 })]).toEqual(['lag', undefined]);
    expect([still({ runs: 4_500 }), still({ runs: 4_499 })]).toEqual(['runs', undefined]);
    expect([still({ waitedMs: 2_500 }), still({ waitedMs: 2_499 })]).toEqual(['starts', undefined]);
  });

  test('is not ended by more load, and names a time from 1 to 10 s', () => {
    fc.assert(
      fc.property(load, load, limits, fc.boolean(), (a, b, most, isOverloaded) => {
        const overload = overloadOf(a, most, isOverloaded);
        if (!overload) return;
        expect(Number.isInteger(overload.retryAfterSeconds)).toBe(true);
        expect(overload.retryAfterSeconds).toBeGreaterThanOrEqual(1);
        expect(overload.retryAfterSeconds).toBeLessThanOrEqual(10);
        if (isMore(b, a)) expect(overloadOf(b, most, isOverloaded)).toBeDefined();
      }),
    );
  });
});
