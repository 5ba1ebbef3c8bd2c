import { expect, test } from 'vitest';
import { elapsed } from '../src/clock.ts';

test('a clock that was set back tells no interval: it may have been any', () => {
  expect(elapsed(1_000, 1_250)).toBe(250);
  expect(elapsed(1_000, 1_000)).toBe(0);
  expect(elapsed(1_000, 999)).toBe(Number.POSITIVE_INFINITY);
});
