import { TestClock } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { BackendError } from '../src/errors.ts';
import type { Entropy } from '../src/ports/entropy.ts';
import { loggerOf } from '../src/ports/logger.ts';
import { backoff, Retries, retryUntilDone } from '../src/retry.ts';

const down = new BackendError('unreachable', 'No answer.');
/** Makes every wait its shortest: half of the whole. */
const shortest: Entropy = { id: () => 'id', random: () => 0 };

function rig() {
  const clock = new TestClock();
  const stop = new AbortController();
  const events: string[] = [];
  const logger = loggerOf((_, event) => events.push(event));
  return { clock, stop, events, deps: { clock, entropy: shortest, logger, signal: stop.signal } };
}

/** Returns a step that fails until the given try, and the times of its tries. */
function failingUntil(clock: TestClock, succeeds: number, error: unknown = down) {
  const start = clock.now();
  const tries: number[] = [];
  const step = async (): Promise<string> => {
    tries.push(clock.now() - start);
    if (tries.length < succeeds) throw error;
    return 'done';
  };
  return { tries, step };
}

test('the wait doubles with each failure, up to the longest', () => {
  const range = { firstMs: 100, longestMs: 5_000 };
  expect([1, 2, 3, 6, 7, 2_000].map((failures) => backoff(failures, 0, range))).toEqual([
    50, 100, 200, 1_600, 2_500, 2_500,
  ]);
});

test('the jitter adds at most as much again', () => {
  expect(backoff(1, 0.5, { firstMs: 100, longestMs: 5_000 })).toBe(75);
  expect(backoff(3, 0.999_999, { firstMs: 100, longestMs: 5_000 })).toBeCloseTo(400, 2);
});

test('a call to the table waits for 25 to 1,000 ms', () => {
  expect(backoff(1, 0)).toBe(25);
  expect(backoff(30, 0.999_999)).toBeCloseTo(1_000, 2);
});

test('a step is retried with backoff until it succeeds', async () => {
  const { clock, deps, events } = rig();
  const { tries, step } = failingUntil(clock, 4);
  const done = retryUntilDone('head.write', deps, step);
  await clock.advance(1_000);
  expect(await done).toBe('done');
  expect(tries).toEqual([0, 25, 75, 175]);
  expect(events).toEqual(['head.write-retried', 'head.write-recovered']);
});

test('an error that every try would meet again ends the retries', async () => {
  const { clock, deps } = rig();
  const full = new BackendError('event-too-large', 'Too large.');
  const { tries, step } = failingUntil(clock, 4, full);
  await expect(retryUntilDone('head.write', deps, step)).rejects.toBe(full);
  expect(tries).toEqual([0]);
});

test('the stop of the instance ends the wait and the retries', async () => {
  const { clock, deps, stop } = rig();
  const { tries, step } = failingUntil(clock, 4);
  const done = retryUntilDone('head.write', deps, step);
  const rejected = expect(done).rejects.toMatchObject({ code: 'draining' });
  await clock.advance(30);
  stop.abort();
  await rejected;
  expect(tries).toEqual([0, 25]);
  expect(clock.pending).toBe(0);
});

test('a success makes the next failure the first one', async () => {
  const { clock, deps } = rig();
  const retries = new Retries('lease.beat-retried', deps);
  const waits: number[] = [];
  const fail = async (): Promise<void> => {
    const before = clock.now();
    const again = retries.failed(down);
    await clock.advanceUntil(() => clock.pending === 0, 1_000, 5);
    await again;
    waits.push(clock.now() - before);
  };
  await fail();
  await fail();
  retries.succeeded();
  await fail();
  expect(waits).toEqual([25, 50, 25]);
});

test('a step that gave up leaves no outage behind', async () => {
  const { deps, events } = rig();
  const first = new Retries('lease.beat-retried', deps);
  void first.failed(down);
  first.gaveUp();
  const second = new Retries('lease.beat-retried', deps);
  second.succeeded();
  expect(events).toEqual(['lease.beat-retried']);
});
