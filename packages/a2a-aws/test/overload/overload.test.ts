import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_OVERLOAD_LIMITS,
  type Load,
  type OverloadLimits,
  type OverloadReason,
  overloadOf,
} from '../../src/overload/overload.ts';

const limits: fc.Arbitrary<OverloadLimits> = fc.record({
  maxLagMs: fc.integer({ min: 1, max: 10_000 }),
  maxBusyShare: fc.double({ min: 0.1, max: 2, noNaN: true }),
  maxRuns: fc.integer({ min: 1, max: 100_000 }),
  maxStarts: fc.integer({ min: 1, max: 1_000 }),
  maxWaitMs: fc.integer({ min: 1, max: 100_000 }),
});
const load: fc.Arbitrary<Load> = fc.record({
  lagMs: fc.nat(30_000),
  busyShare: fc.double({ min: 0, max: 1, noNaN: true }),
  runs: fc.nat(200_000),
  waitedMs: fc.nat(20_000),
});

const reason = fc.constantFrom<OverloadReason>('lag', 'busy', 'runs', 'starts');

const CALM: Load = { lagMs: 0, busyShare: 0, runs: 0, waitedMs: 0 };

/** True if the load is at least as large in each respect. */
const isMore = (a: Load, b: Load): boolean =>
  a.lagMs >= b.lagMs && a.busyShare >= b.busyShare && a.runs >= b.runs && a.waitedMs >= b.waitedMs;

describe('an overload', () => {
  test.each([
    [{ lagMs: 999, busyShare: 0.979, runs: 4_999, waitedMs: 4_999 }, undefined],
    [{ lagMs: 1_000 }, { reason: 'lag', retryAfterSeconds: 2 }],
    [{ lagMs: 3_000 }, { reason: 'lag', retryAfterSeconds: 6 }],
    [{ runs: 5_000 }, { reason: 'runs', retryAfterSeconds: 2 }],
    [
      { busyShare: 0.98, runs: 50 },
      { reason: 'busy', retryAfterSeconds: 2 },
    ],
    [{ busyShare: 1, runs: 49 }, undefined],
    [{ waitedMs: 5_000 }, { reason: 'starts', retryAfterSeconds: 5 }],
  ])('begins at a limit: %o', (given, expected) => {
    expect(overloadOf({ ...CALM, ...given }, DEFAULT_OVERLOAD_LIMITS, undefined)).toEqual(expected);
  });

  test('does not end with a load at which it begins, and ends without load', () => {
    fc.assert(
      fc.property(load, limits, (given, most) => {
        const began = overloadOf(given, most, undefined)?.reason;
        if (began) expect(overloadOf(given, most, began)).toBeDefined();
      }),
    );
    fc.assert(
      fc.property(limits, reason, (most, began) => overloadOf(CALM, most, began) === undefined),
    );
  });

  test('goes on below each limit, and ends clearly below it', () => {
    const still = (some: Partial<Load>, began: OverloadReason = 'lag') =>
      overloadOf({ ...CALM, ...some }, DEFAULT_OVERLOAD_LIMITS, began)?.reason;
    expect([still({ lagMs: 500 }), still({ lagMs: 499 })]).toEqual(['lag', undefined]);
    expect([still({ runs: 4_500 }), still({ runs: 4_499 })]).toEqual(['runs', undefined]);
    const busy = (busyShare: number, runs: number) => still({ busyShare, runs }, 'busy');
    expect([busy(0.883, 25), busy(0.88, 25), busy(1, 24)]).toEqual(['busy', undefined, undefined]);
    expect([still({ waitedMs: 2_500 }), still({ waitedMs: 2_499 })]).toEqual(['starts', undefined]);
  });

  test('of another kind does not go on because the event loop is busy', () => {
    const goesOn = (maxBusyShare: number, busyShare: number, runs: number): boolean => {
      const most = { ...DEFAULT_OVERLOAD_LIMITS, maxBusyShare };
      return overloadOf({ ...CALM, busyShare, runs }, most, 'lag') !== undefined;
    };
    expect([goesOn(0.98, 0.979, 500), goesOn(0.98, 1, 49)]).toEqual([false, false]);
    expect([goesOn(0.98, 0.98, 50), goesOn(1.01, 1, 500)]).toEqual([true, false]);
  });

  test('is not ended by more load, and names a time from 1 to 10 s', () => {
    fc.assert(
      fc.property(
        load,
        load,
        limits,
        fc.option(reason, { nil: undefined }),
        (a, b, most, began) => {
          const overload = overloadOf(a, most, began);
          if (!overload) return;
          expect(Number.isInteger(overload.retryAfterSeconds)).toBe(true);
          expect(overload.retryAfterSeconds).toBeGreaterThanOrEqual(1);
          expect(overload.retryAfterSeconds).toBeLessThanOrEqual(10);
          if (isMore(b, a)) expect(overloadOf(b, most, began)).toBeDefined();
        },
      ),
    );
  });
});
