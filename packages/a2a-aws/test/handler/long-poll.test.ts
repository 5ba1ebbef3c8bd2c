import { type Instance, wireGeneration } from '@a2a-aws/core/internal';
import { flush } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { say } from '../../../core/test/fixtures/author.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../../../core/test/fixtures/events.ts';
import { OpenLogsFleet, openRun, type Peer } from '../../../core/test/fixtures/open-logs-fleet.ts';
import { readLater } from '../../src/handler/long-poll.ts';

/** A task of two events on instance A, and a request for a later one on B. */
async function polling(random: number, left?: AbortSignal) {
  const fleet = new OpenLogsFleet();
  const open = await openRun(await fleet.peer('a'));
  await say(open.log, 'run-a', taskOf(WORKING));
  await say(open.log, 'run-a', chunkOf('out', 'one'));
  const { logs } = await fleet.peer('b');
  const away = new AbortController();
  const instance = instanceOf(logs, away.signal);
  const entropy = { id: () => '', random: () => random };
  let isAnswered = false;
  const deps = { instance: () => instance, clock: fleet.clock, entropy };
  const answered = readLater(KEY, 2, left, {}, deps).then((found) => {
    isAnswered = true;
    return found && wireGeneration(found.state);
  });
  await flush();
  return { fleet, open, logs, away, answered, isAnswered: () => isAnswered };
}

function instanceOf(logs: Peer['logs'], handoffSignal: AbortSignal): Instance {
  const instance = { logs, handoffSignal, assertReady: () => {}, countReader: () => () => {} };
  return instance as unknown as Instance;
}

test.each([
  [0, 20_000],
  [0.999, 24_995],
])('a long poll with the random number %s waits for %s ms', async (random, ms) => {
  const { fleet, isAnswered, answered } = await polling(random);
  await fleet.clock.advance(ms - 1);
  expect(isAnswered()).toBe(false);
  await fleet.clock.advance(1);
  expect(await answered).toBe(2);
});

test('[I3] a long poll ends with the next event', async () => {
  const { open, answered, isAnswered } = await polling(0);
  expect(isAnswered()).toBe(false);
  await say(open.log, 'run-a', chunkOf('out', 'two'));
  expect(await answered).toBe(3);
});

test('[I10] a long poll of a client that has left holds nothing', async () => {
  const left = new AbortController();
  const { logs, answered } = await polling(0, left.signal);
  const open = logs.acquire(KEY);
  logs.release(open);
  expect(open.isUsed).toBe(true);
  left.abort();
  await answered;
  expect(open.isUsed).toBe(false);
  expect(open.taps).toBe(0);
});

test('a long poll is answered early if its instance sends readers away', async () => {
  const { away, answered } = await polling(0);
  away.abort();
  await answered;
});
