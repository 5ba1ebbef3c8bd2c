import { expect, test } from 'vitest';
import { MissingQueues } from '../../src/delivery/missing-queues.ts';

const HOUR_MS = 3_600_000;

test('a queue counts as gone if it was missing twice, 5 seconds apart, and is tried again at times', () => {
  const queues = new MissingQueues();
  queues.missed('a', false, 0);
  queues.missed('a', false, 4_999);
  expect(queues.isGone('a', 5_000)).toBe(false);
  queues.missed('a', false, 5_000);
  expect(queues.isGone('a', 5_001)).toBe(true);
  expect(queues.isGone('b', 5_001)).toBe(false);
  expect(queues.isGone('a', HOUR_MS)).toBe(false);
  queues.missed('a', false, HOUR_MS);
  expect(queues.isGone('a', HOUR_MS + 1)).toBe(true);
});

test('one that was found is not, and must be missing again', () => {
  const queues = new MissingQueues();
  queues.missed('a', false, 0);
  queues.found('a');
  queues.missed('a', false, 6_000);
  expect(queues.isGone('a', 6_001)).toBe(false);
});

test('it remembers no more than a thousand', () => {
  const queues = new MissingQueues();
  for (const now of [0, 6_000]) {
    for (let n = 0; n < 1_001; n += 1) queues.missed(`${n}`, false, now);
  }
  const gone = Array.from({ length: 1_001 }, (_, n) => queues.isGone(`${n}`, 6_001));
  expect(gone.filter((is) => is).length).toBeLessThanOrEqual(1_000);
});
