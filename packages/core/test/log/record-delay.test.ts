import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alignedDelay,
  ENOUGH_BYTES,
  type RecordDelayFacts,
  recordDelay,
} from '../../src/log/record-delay.ts';

const QUIET: RecordDelayFacts = {
  demand: 30,
  streak: 0,
  sinceLastMs: 0,
  waitingBytes: 100,
  fullness: 0,
  maxDelayMs: 250,
};

const delay = (facts: Partial<RecordDelayFacts>): number => recordDelay({ ...QUIET, ...facts });

const anyFacts: fc.Arbitrary<RecordDelayFacts> = fc.record({
  demand: fc.nat(20_000),
  streak: fc.nat(2_000),
  sinceLastMs: fc.oneof(fc.nat(1_000), fc.constant(Number.POSITIVE_INFINITY)),
  waitingBytes: fc.nat(2 * ENOUGH_BYTES),
  fullness: fc.double({ min: 0, max: 1, noNaN: true }),
  maxDelayMs: fc.nat(1_000),
});

/** Holds if the delay never grows (1), or never shrinks (-1), with this fact. */
function isMonotone(name: keyof RecordDelayFacts, sign: 1 | -1): void {
  fc.assert(
    fc.property(anyFacts, anyFacts, (facts, other) => {
      const [less, more] = [facts[name], other[name]].toSorted((a, b) => a - b);
      const change =
        recordDelay({ ...facts, [name]: more }) - recordDelay({ ...facts, [name]: less });
      expect(change * sign).toBeLessThanOrEqual(0);
    }),
  );
}

describe('the delay of a record', () => {
  test('is never negative, nor longer than the limit less the time since the last record', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const ms = recordDelay(facts);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(Math.max(0, facts.maxDelayMs - facts.sinceLastMs));
      }),
    );
  });

  test('grows with the demand and with the streak of the task', () => {
    isMonotone('demand', -1);
    isMonotone('streak', -1);
    isMonotone('maxDelayMs', -1);
  });

  test('[I8] shrinks as time passes, as events wait, and as the backlog fills', () => {
    isMonotone('sinceLastMs', 1);
    isMonotone('waitingBytes', 1);
    isMonotone('fullness', 1);
  });

  test('is 0 on an instance with few records, for a task that is not in a burst', () => {
    for (const demand of [0, 1, 30, 100]) expect(delay({ demand })).toBe(0);
  });

  test('is 0 if the setting is 0', () => {
    expect(delay({ demand: 5_000, streak: 9, maxDelayMs: 0 })).toBe(0);
  });

  test('[I8] is 0 for a record that is large enough, and for an instance with a long backlog', () => {
    expect(delay({ demand: 5_000, waitingBytes: ENOUGH_BYTES })).toBe(0);
    expect(delay({ demand: 5_000, fullness: 0.3 })).toBe(0);
  });

  test.each([
    // Streams of thirty events a second.
    [1, 0],
    [3, 0],
    [5, 10],
    [10, 40],
    [20, 100],
    [30, 160],
    [50, 250],
    [100, 250],
  ])('lets %i streams of tokens write a record every %i ms each', (streams, ms) => {
    expect(delay({ demand: streams * 30 })).toBeCloseTo(ms);
  });

  test('of a task in a burst doubles from record to record', () => {
    const delays = [0, 1, 2, 3, 4, 5, 99].map((streak) => delay({ streak }));
    expect(delays).toEqual([0, 5, 10, 20, 40, 50, 50]);
  });
});

describe('an aligned delay', () => {
  test('ends at a multiple of 25 ms, at most 25 ms earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 1_000 }), fc.nat(1_000_000), (delay, now) => {
        const aligned = alignedDelay(delay, now);
        expect((now + aligned) % 25).toBe(0);
        expect(aligned).toBeLessThanOrEqual(delay);
        expect(aligned).toBeGreaterThan(delay - 25);
      }),
    );
  });

  test('is not shortened below 100 ms', () => {
    expect(alignedDelay(99, 7)).toBe(99);
  });
});
