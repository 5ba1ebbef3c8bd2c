import { expect, test } from 'vitest';
import { backoffMs } from '../src/backoff.ts';

test('The limit of a wait doubles up to the longest, and a wait is any time up to the limit.', () => {
  const limits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => backoffMs(failures, 1));
  expect(limits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  expect(backoffMs(3, 0)).toBe(0);
  expect(backoffMs(3, 0.5)).toBe(500);
  expect(backoffMs(3, 1, { firstMs: 10 })).toBe(40);
  expect(backoffMs(1_000_000, 1, { maxMs: 7 })).toBe(7);
});
