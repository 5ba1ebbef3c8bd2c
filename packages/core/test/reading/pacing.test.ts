import { expect, test } from 'vitest';
import {
  POLL_LATE_MS,
  POLL_TICK_MS,
  pollInterval,
  READ_UNCONFIRMED_MS,
  readInterval,
  TICK_MS,
} from '../../src/reading/pacing.ts';

test('with no confirmed doorbell, a log is read at least once a second, the tick included', () => {
  expect(READ_UNCONFIRMED_MS + TICK_MS).toBeLessThanOrEqual(1_000);
  expect(POLL_LATE_MS + POLL_TICK_MS).toBeLessThanOrEqual(1_000);
});

test('a confirmed doorbell saves reads: four a minute', () => {
  expect(readInterval(false)).toBe(READ_UNCONFIRMED_MS);
  expect(60_000 / readInterval(true)).toBe(4);
});

test('without doorbells a tapped log is read less and less often while there is no news', () => {
  const intervals = [0, 1, 2, 3, 4, 5, 6, 99].map((quietReads) =>
    pollInterval({ attended: true, quietReads }),
  );
  expect(intervals).toEqual([50, 100, 200, 400, 800, 950, 950, 950]);
});

test('without doorbells the log of a run without a reader is read once a second', () => {
  expect(pollInterval({ attended: false, quietReads: 0 })).toBe(POLL_LATE_MS);
});
