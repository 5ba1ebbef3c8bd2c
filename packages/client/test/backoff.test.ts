import { expect, test, vi } from 'vitest';
import { backoffMs, sleep } from '../src/backoff.ts';

test('The limit of a wait doubles up to the longest, and a wait is any time up to the limit.', () => {
  const limits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => backoffMs(failures, 1));
  expect(limits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  expect(backoffMs(3, 0)).toBe(0);
  expect(backoffMs(3, 0.5)).toBe(500);
  expect(backoffMs(3, 1, { firstMs: 10 })).toBe(40);
  expect(backoffMs(1_000_000, 1, { maxMs: 7 })).toBe(7);
});

test('A wait that is longer than a timer can be is as long as it can be.', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const leaving = new AbortController();
  const waits = [2 ** 31, Number.POSITIVE_INFINITY].map((ms) => sleep(ms, leaving.signal));
  expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
  timers.mockRestore();
  leaving.abort();
  await Promise.all(waits);
});
