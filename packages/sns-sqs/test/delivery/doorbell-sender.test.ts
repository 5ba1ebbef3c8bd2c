import { BackendError, type FleetKeySet } from '@a2a-aws/core';
import { checkSeal, decodeMessage, encodeDoorbell, sealer, slotAt } from '@a2a-aws/core/internal';
import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Addressed, DoorbellSender } from '../../src/delivery/doorbell-sender.ts';
import { fixedEntropy, type HeldCall, heldCall, recordingLogger } from '../fixtures/stubs.ts';

interface Call extends HeldCall {
  readonly route: string;
  readonly messages: readonly Addressed[];
}

let clock: TestClock;
let calls: Call[];
let logger: ReturnType<typeof recordingLogger>;
let sender: DoorbellSender;

/** A target's route is its first letter; `x` has none. */
const routeTo = (target: string): string | undefined =>
  target.startsWith('x') ? undefined : target.slice(0, 1);

const FLEET: FleetKeySet = {
  fleet: 'fleet',
  keys: [{ id: 'key', secret: new Uint8Array(32), serial: 1 }],
};
const seal = sealer(FLEET);
if (!seal) throw new Error('There is no key.');

beforeEach(() => {
  clock = new TestClock(0);
  calls = [];
  logger = recordingLogger();
  sender = new DoorbellSender({
    clock,
    entropy: fixedEntropy,
    logger,
    addressBytes: (target) => target.length,
    routeTo,
    send: (route, messages) => {
      const held = heldCall(messages.length);
      calls.push({ route, messages, ...held });
      return held.promise;
    },
  });
});

const bell = (taskId: string): string => {
  const key = { tenant: '', owner: '', taskId };
  return encodeDoorbell({ kind: 'record', key, next: slotAt(1) }, 1e9, seal);
};
const tasksIn = (message: string): string[] => {
  const heard = decodeMessage(message, (given, text) => checkSeal(FLEET, given, text));
  return typeof heard === 'string'
    ? [heard]
    : heard.doorbells.map((one) => ('key' in one ? one.key.taskId : ''));
};
const sent = (): unknown[] =>
  calls.map(({ route, messages }) => [
    route,
    ...messages.map(({ target, message }) => `${target}: ${tasksIn(message)}`),
  ]);
const call = (index: number): Call => {
  const found = calls[index];
  if (!found) throw new Error(`there was no call ${index}`);
  return found;
};

describe('at a high rate', () => {
  /** Sends a doorbell every 5 ms, 200 a second, for one second. */
  async function begin(): Promise<void> {
    for (let n = 0; n < 200; n += 1) {
      void sender.publish(['a1'], bell(`t${n}`));
      await clock.advance(5);
      for (const one of calls) await one.answer();
    }
  }

  test('messages wait for others for up to 25 ms, and share their calls', async () => {
    await begin();
    calls = [];
    for (let n = 0; n < 20; n += 1) {
      void sender.publish(['a1'], bell(`u${n}`));
      await clock.advance(5);
      for (const one of calls) await one.answer();
    }
    expect(calls.length).toBeGreaterThanOrEqual(3);
    expect(calls.length).toBeLessThanOrEqual(5);
  });

  test('messages about a single task do not wait', async () => {
    for (let n = 0; n < 400; n += 1) {
      void sender.publish(['a1'], bell('t'), 't');
      await flush();
      expect(calls).toHaveLength(n + 1);
      await call(n).answer();
      await clock.advance(5);
    }
  });

  test('a quiet second ends that', async () => {
    await begin();
    await clock.advance(1_000);
    calls = [];
    void sender.publish(['a1'], bell('t'));
    await flush();
    expect(sent()).toEqual([['a', 'a1: t']]);
  });
});

describe('doorbells that wait together', () => {
  test('are sent as one message for each target, in order', async () => {
    for (const task of ['1', '2', '3']) void sender.publish(['a1', 'a2'], bell(task));
    void sender.publish(['a1'], bell('4'));
    await flush();
    expect(sent()).toEqual([['a', 'a1: 1,2,3,4', 'a2: 1,2,3']]);
    await call(0).answer();
    expect(sender.stats).toEqual({ published: 7, publishFailed: 0 });
  });

  test('are not joined to messages of other programs', async () => {
    for (const text of ['one', 'two', bell('1'), bell('2')]) void sender.publish(['a1'], text);
    await flush();
    expect(calls[0]?.messages).toHaveLength(3);
    expect(calls[0]?.messages.map(({ message }) => tasksIn(message))).toEqual([
      ['unauthenticated'],
      ['unauthenticated'],
      ['1', '2'],
    ]);
  });

  test('is tried again with its message, and counted one by one', async () => {
    for (const task of ['1', '2']) void sender.publish(['a1', 'a2'], bell(task));
    await flush();
    await call(0).answer(['taken', 'failed']);
    expect(sender.stats).toEqual({ published: 2, publishFailed: 0 });
    await clock.advance(100);
    expect(sent()[1]).toEqual(['a', 'a2: 1,2']);
    await call(1).answer(['refused']);
    expect(sender.stats).toEqual({ published: 2, publishFailed: 2 });
  });

  test('are sent in as few calls as ten targets and the size limit allow', async () => {
    const targets = Array.from({ length: 11 }, (_, n) => `a${n}`);
    for (let n = 0; n < 50; n += 1) void sender.publish(targets, bell(`${n}`));
    await flush();
    // 50 for each of the eleven: ten targets in the first call, in the order in which they came.
    expect(calls[0]?.messages).toHaveLength(10);
    for (let index = 0; index < calls.length; index += 1) await call(index).answer();
    expect(calls.length).toBeLessThan(60);
    expect(sender.stats.published).toBe(550);
    const large = bell('x'.repeat(100 * 1024));
    for (let n = 0; n < 3; n += 1) void sender.publish(['b1'], large);
    await flush();
    const sizes = calls
      .filter(({ route }) => route === 'b')
      .flatMap(({ messages }) => messages.map(({ message }) => message.length));
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(sender.maxBytes);
  });
});

describe('routes', () => {
  test('do not wait for each other', async () => {
    for (let n = 0; n < 100; n += 1) void sender.publish([`a${n}`], bell('1'));
    await flush();
    const stuck = calls.length;
    const free = sender.publish(['b1'], bell('2'));
    await flush();
    expect(sent().slice(stuck)).toEqual([['b', 'b1: 2']]);
    await call(stuck).answer();
    await expect(free).resolves.toBe(true);
  });

  test('together leave sockets to calls that are no doorbells', async () => {
    for (let n = 0; n < 100; n += 1) {
      void sender.publish([String.fromCodePoint(0x400 + n)], bell('1'));
    }
    await flush();
    expect(calls).toHaveLength(32);
    await call(0).answer();
    expect(calls).toHaveLength(33);
    for (let index = 1; index < calls.length; index += 1) await call(index).answer();
    expect(sender.stats).toEqual({ published: 100, publishFailed: 0 });
  });

  test('that are not known are no fault: the message is given up and counted', async () => {
    await expect(sender.publish(['x1', 'x2'], bell('1'))).resolves.toBe(false);
    expect(calls).toEqual([]);
    expect(sender.stats).toEqual({ published: 0, publishFailed: 2 });
  });

  test('share one limit for waiting messages', async () => {
    const large = 'x'.repeat(255 * 1024 - 2);
    for (let n = 0; n < 64; n += 1) void sender.publish([`${'abcd'[n % 4]}1`], large);
    await flush();
    expect(sender.stats.publishFailed).toBe(0);
    await sender.publish(['e1'], large);
    expect(sender.stats).toEqual({ published: 0, publishFailed: 1 });
  });
});

test('an outage is logged once, and so is its end', async () => {
  const down = new BackendError('unreachable', 'gone');
  for (const target of ['a1', 'b1']) {
    const given = sender.publish([target], bell('1'));
    await flush();
    for (let tries = 0; tries < 3; tries += 1) {
      await call(calls.length - 1).fail(down);
      await clock.advance(5_000);
    }
    await given;
  }
  const taken = sender.publish(['a1'], bell('2'));
  await flush();
  await call(calls.length - 1).answer();
  await taken;
  expect(logger.lines.map(({ event, fields }) => [event, fields])).toEqual([
    ['fanout.publish-failed', { code: 'unreachable' }],
    ['fanout.publish-recovered', { durationMs: expect.any(Number), failures: 6 }],
  ]);
  expect(sender.stats).toEqual({ published: 1, publishFailed: 2 });
});
