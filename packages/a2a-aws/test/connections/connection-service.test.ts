import { EventEmitter } from 'node:events';
import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { expect, test } from 'vitest';
import { type Connection, connectionOf } from '../../src/connections/connection.ts';
import { connectionService } from '../../src/connections/connection-service.ts';

/** As much of a call as an connection touches. */
class FakeCall extends EventEmitter {
  cancelled = false;
  writableLength = 1;
  readonly metadata = new Map<string, string>();
}

const clock = new TestClock();

/** The context of a call, as the SDK's service makes it: with a copy of the metadata. */
function contextOf({ metadata }: FakeCall): ServerCallContext {
  return new ServerCallContext({ state: new Map([['headers', Object.fromEntries(metadata)]]) });
}

const entropy = seededEntropy('token');

/** The connection that a method of a service finds. */
function exchangeFor(call: FakeCall): Connection {
  let connection: Connection | undefined;
  const service = connectionService(
    {
      getTask: (inner: FakeCall) => {
        connection = connectionOf(contextOf(inner));
      },
    },
    entropy,
    clock,
  );
  service.getTask(call);
  if (!connection) throw new Error('No connection.');
  return connection;
}

test('a call that is canceled has been left', () => {
  const call = new FakeCall();
  const { left } = exchangeFor(call);
  expect(left.aborted).toBe(false);
  call.emit('cancelled', 'cancelled');
  expect(left.aborted).toBe(true);
});

test('so has one that was canceled before', () => {
  const call = new FakeCall();
  call.cancelled = true;
  expect(exchangeFor(call).left.aborted).toBe(true);
});

test.each(['drain', 'cancelled'])(
  'a stream that waits for its reader continues at: %s',
  async (event) => {
    const call = new FakeCall();
    let drained = false;
    const waiting = exchangeFor(call)
      .drained()
      .then(() => {
        drained = true;
      });
    await flush();
    expect(drained).toBe(false);

    if (event === 'drain') call.writableLength = 0;
    call.emit(event);

    await waiting;
    expect(call.listenerCount('drain')).toBe(0);
  },
);

test('[I9] two calls have two connections, even if their clients send the same token', () => {
  const one = new FakeCall();
  const first = exchangeFor(one);
  const two = new FakeCall();
  for (const [key, token] of one.metadata) two.metadata.set(key, token);
  expect(exchangeFor(two)).not.toBe(first);
});

test('[I8] a client that reads leaves no timer', async () => {
  const call = new FakeCall();
  const waiting = exchangeFor(call).drained();
  await flush();
  call.writableLength = 0;
  call.emit('drain');
  await waiting;
  expect(clock.pending).toBe(0);
});
