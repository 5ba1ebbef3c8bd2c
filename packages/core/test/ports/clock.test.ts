import { afterEach, expect, test, vi } from 'vitest';
import { elapsed, systemClock } from '../../src/ports/clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a clock that was set back gives no interval, because the real one is unknown', () => {
  expect(elapsed(1_000, 1_250)).toBe(250);
  expect(elapsed(1_000, 1_000)).toBe(0);
  expect(elapsed(1_000, 999)).toBe(Number.POSITIVE_INFINITY);
});

test('a delay longer than the longest timer of node ends on time', () => {
  vi.useFakeTimers();
  const called: string[] = [];
  const longest = 2 ** 31 - 1;
  systemClock.after(longest + 10, () => called.push('long'));
  systemClock.after(Number.POSITIVE_INFINITY, () => called.push('endless'));
  const cancel = systemClock.after(2 * longest, () => called.push('canceled'));
  vi.advanceTimersByTime(longest + 9);
  expect(called).toEqual([]);
  cancel();
  vi.advanceTimersByTime(1);
  expect(called).toEqual(['long']);
  vi.advanceTimersByTime(3 * longest);
  expect(called).toEqual(['long']);
});
