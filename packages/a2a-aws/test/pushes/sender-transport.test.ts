import { silentLogger } from '@a2a-aws/core';
import type { PushedEvent, PushOutcome, PushReceiver } from '@a2a-aws/core/internal';
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
const live = new AbortController().signal;

/** Returns the receiver that stands for a sender. */
async function receiverOf(clock: TestClock, send: () => Promise<void>): Promise<PushReceiver> {
  const errors = new UserErrors({ logErrorMessages: false }, silentLogger);
  const transport = new SenderTransport({ sender: { send }, clock, errors, retryForMs: 1_000 });
  return (await transport.receivers(KEY, [SENDER])).get(SENDER) as PushReceiver;
}

test.each(['resolve', 'reject'] as const)(
  'an attempt of a sender fails after a minute; a promise that settles later (%s) changes nothing',
  async (late) => {
    const clock = new TestClock();
    const settle: { resolve?: () => void; reject?: (error: Error) => void } = {};
    const sent = new Promise<void>((resolve, reject) => Object.assign(settle, { resolve, reject }));
    const receiver = await receiverOf(clock, () => sent);
    const outcomes: PushOutcome[] = [];
    void receiver.send(EVENT, live).then((outcome) => outcomes.push(outcome));

    await clock.advance(59_999);
    expect(outcomes).toEqual([]);
    await clock.advance(1);
    expect(outcomes).toEqual([{ kind: 'retry', reason: 'timeout' }]);
    settle[late]?.(new Error('late'));
    await flush();
    expect(outcomes).toHaveLength(1);
    expect(clock.pending).toBe(0);
  },
);

test('an attempt of a sender leaves no timer', async () => {
  const clock = new TestClock();
  const well = await receiverOf(clock, async () => {});
  expect(await well.send(EVENT, live)).toEqual({ kind: 'delivered' });
  const down = await receiverOf(clock, () => Promise.reject(new Error('down')));
  expect(await down.send(EVENT, live)).toEqual({ kind: 'retry', reason: 'sender-failed' });
  const silent = await receiverOf(clock, () => new Promise(() => {}));
  const stop = new AbortController();
  const stopped = silent.send(EVENT, stop.signal);
  stop.abort();
  expect(await stopped).toEqual({ kind: 'retry', reason: 'stopped' });
  expect(clock.pending).toBe(0);
});
