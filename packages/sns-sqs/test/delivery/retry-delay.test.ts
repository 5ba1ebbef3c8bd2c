import { expect, test } from 'vitest';
import { retryDelay } from '../../src/delivery/retry-delay.ts';

test('doubles from 100 ms to 5 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 2_000].map((failures) => retryDelay(failures, 1))).toEqual([
    100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000,
  ]);
});

test('never waits less than half of it', () => {
  expect(retryDelay(1, 0)).toBe(50);
  expect(retryDelay(3, 0.5)).toBe(300);
  expect(retryDelay(50, 0)).toBe(2500);
});
