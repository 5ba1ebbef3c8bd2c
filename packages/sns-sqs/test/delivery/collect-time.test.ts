import fc from 'fast-check';
import { expect, test } from 'vitest';
import { collectTime } from '../../src/delivery/collect-time.ts';

test.each([
  [0, 0],
  [50, 0],
  [100, 13],
  [150, 25],
  [10_000, 25],
])('at %d messages a second, %d ms are between two calls', (perSecond, ms) => {
  expect(collectTime(perSecond)).toBe(ms);
});

test('a higher rate never shortens that time', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), (a, b) => {
      expect(collectTime(Math.max(a, b))).toBeGreaterThanOrEqual(collectTime(Math.min(a, b)));
    }),
  );
});
