import { silentLogger } from '@a2a-aws/core';
import type { PushedEvent, PushOutcome } from '@a2a-aws/core/internal';
import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { Task } from '@a2a-js/sdk';
import { expect, test } from 'vitest';
import { SENDER } from '../../src/pushes/any-receiver.ts';
import { SenderTransport } from '../../src/pushes/sender-transport.ts';
import { UserErrors } from '../../src/user-code/user-error-reports.ts';

const KEY = { tenant: '', owner: 'ann', taskId: 'task' };
const TASK = Task.fromJSON({ id: 'task', contextId: 'context' });
const EVENT: PushedEvent = {
  key: KEY,
  id: 'event',
  event: { kind: 'task', data: TASK },
  terms: { version: '1.0', latestOnly: false },
  attempt: 1,
  task: () => TASK,
};

/** Starts an attempt at a sender. */
async function attempt(
  clock: TestClock,
  send: () => Promise<void>,
  signal = new AbortController().signal,
): Promise<Promise<PushOutcome>[]> {
  const errors = new UserErrors({ logErrorMessages: false }, silentLogger);
  const transport = new SenderTransport({ sender: { send }, clock, errors, retryForMs: 1_000 });
  const receiver = (await transport.receivers(KEY, [SENDER])).get(SENDER);
  // A promise in an array does not settle the returned one.
  return receiver ? [receiver.send(EVENT, signal)] : [];
}

test('an attempt of a sender fails after a minute, and what it does later is of no account', async () => {
  for (const late of ['resolve', 'reject'] as const) {
    const clock = new TestClock();
    const settle: { resolve?: () => void; reject?: (error: Error) => void } = {};
    const sent = new Promise<void>((resolve, reject) => Object.assign(settle, { resolve, reject }));
    const outcomes: PushOutcome[] = [];
    for (const one of await attempt(clock, () => sent)) void one.then((to) => outcomes.push(to));

    await clock.advance(59_999);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(outcomes).toEqual([{ kind: 'retry', reason: 'timeout' }]);
    settle[late]?.(new Error('late'));
    await flush();
    expect(outcomes).toHaveLength(1);
    expect(clock.pending).toBe(0);
  }
});

test('an attempt of a sender leaves no timer', async () => {
  const clock = new TestClock();
  const [delivered] = await attempt(clock, async () => {});
  expect(await delivered).toEqual({ kind: 'delivered' });
  const [failed] = await attempt(clock, () => Promise.reject(new Error('down')));
  expect(await failed).toEqual({ kind: 'retry', reason: 'sender-failed' });
  const stop = new AbortController();
  const [stopped] = await attempt(clock, () => new Promise(() => {}), stop.signal);
  stop.abort();
  expect(await stopped).toEqual({ kind: 'retry', reason: 'stopped' });
  expect(clock.pending).toBe(0);
});
