import type { Socket } from 'node:net';
import { systemClock } from '@a2a-aws/core';
import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { createLegacyAwarePushNotificationSender } from '@a2a-js/sdk/compat/v0_3/server';
import { InMemoryPushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Receiver } from '../fixtures/receiver.ts';
import {
  callTo,
  closeWebhooks,
  EVENTS,
  LOOPBACK,
  live,
  post,
  task,
  webhooks,
} from '../fixtures/webhook-calls.ts';

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

afterEach(() => {
  closeWebhooks();
  vi.restoreAllMocks();
});

describe('for a healthy receiver', () => {
  const AUTHS = [
    ['without credentials', {}],
    ['with a token', { token: 'the token' }],
    ['with an authentication', { authentication: { scheme: 'Bearer', credentials: 'a.b.c' } }],
    ['with both', { token: 't', authentication: { scheme: 'Basic', credentials: 'dTpw' } }],
    ['with half an authentication', { token: 't', authentication: { scheme: 'Basic' } }],
  ] as const;
  const CASES = AUTHS.flatMap(([name, auth]) =>
    (['1.0', '0.3'] as const).flatMap((version) =>
      EVENTS.flatMap((event) =>
        [task, undefined].map(
          (known) => [version, event.payload?.$case, name, { event, auth, known }] as const,
        ),
      ),
    ),
  );

  test.each(CASES)(
    'A2A %s: body and headers of a %s are those of the SDK, %s',
    async (version, _kind, _name, { event, auth, known }) => {
      vi.spyOn(console, 'info').mockReturnValue();
      await using receiver = await Receiver.start();
      const url = receiver.url('127.0.0.1', '/a%20b/?c=d&e=%C3%A9#f');
      const config = TaskPushNotificationConfig.fromJSON({
        id: 'c',
        taskId: 'task-1',
        url,
        ...auth,
      });
      const store = new InMemoryPushNotificationStore();
      const context = new ServerCallContext({ requestedVersion: version });
      await store.save('task-1', context, config);
      await createLegacyAwarePushNotificationSender(store).send(event, context, known);

      const call = { config, event, task: known, id: 'event.1', protocolVersion: version };
      const outcome = await webhooks().post(call, live);

      expect(outcome).toEqual({ kind: 'delivered' });
      const [sdks, own] = receiver.received;
      expect(own?.body).toBe(sdks?.body);
      expect(own?.path).toBe(sdks?.path);
      const added = own?.lines.filter((line) => line.startsWith('webhook-')) ?? [];
      expect(added).toEqual([
        'webhook-id: event.1',
        expect.stringMatching(/^webhook-timestamp: \d+$/),
      ]);
      const shared = own?.lines.filter((line) => !added.includes(line));
      expect(shared?.toSorted()).toEqual(sdks?.lines.toSorted());
    },
  );

  test.each([
    [undefined, 'application/a2a+json'],
    ['', 'application/a2a+json'],
    ['1.0', 'application/a2a+json'],
    ['1.1', 'application/a2a+json'],
    ['0.30', 'application/a2a+json'],
    ['0.3', 'application/json'],
    ['0.3.0', 'application/json'],
  ])('a configuration of version %s gets %s', async (protocolVersion, type) => {
    await using receiver = await Receiver.start();
    await webhooks().post(callTo(receiver.url(), { protocolVersion }), live);
    expect(receiver.received[0]?.headers['content-type']).toBe(type);
  });

  test('calls in a row share a connection', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = (response) => void response.end('thank you');
    const made = webhooks();
    for (let call = 0; call < 10; call += 1) await post(made, receiver.url());
    expect(receiver.received).toHaveLength(10);
    expect(receiver.connections).toBe(1);
    made.close();
    await expect.poll(() => receiver.open).toBe(0);
  });

  test('each attempt is signed at its own time, with the same id', async () => {
    await using receiver = await Receiver.start();
    let now = Date.now() - 60_000;
    const clock = { ...systemClock, now: () => now };
    const made = webhooks({ ...LOOPBACK, signingSecret: SECRET }, { clock });
    await post(made, receiver.url());
    now += 30_000;
    await post(made, receiver.url());
    const [first, second] = receiver.received;
    expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id']);
    expect(first?.headers['webhook-signature']).not.toBe(second?.headers['webhook-signature']);
    for (const { headers, body } of receiver.received) {
      const text = headers as Record<string, string>;
      expect(new Webhook(SECRET).verify(body, text)).toEqual(JSON.parse(body));
    }
  });

  test('a receiver that closes its idle connections loses nothing', async () => {
    await using receiver = await Receiver.start();
    const sockets: Socket[] = [];
    receiver.answer = (response) => {
      if (response.socket) sockets.push(response.socket);
      response.end();
    };
    const made = webhooks();
    for (let call = 0; call < 5; call += 1) {
      expect(await post(made, receiver.url())).toEqual({ kind: 'delivered' });
      sockets.pop()?.destroy();
    }
    expect(receiver.received).toHaveLength(5);
  });
});

describe('a call', () => {
  test('prints no warning, however many share a signal', async () => {
    await using receiver = await Receiver.start();
    const warned = vi.spyOn(process, 'emitWarning');
    const made = webhooks({ ...LOOPBACK, maxCallsPerHost: 4 });
    const { signal } = new AbortController();
    const calls = Array.from({ length: 40 }, () => made.post(callTo(receiver.url()), signal));
    await Promise.all(calls);
    expect(receiver.received).toHaveLength(40);
    expect(receiver.connections).toBeLessThanOrEqual(4);
    expect(warned).not.toHaveBeenCalled();
  });

  test('to a closed port has failed', async () => {
    const receiver = await Receiver.start();
    const url = receiver.url();
    await receiver[Symbol.asyncDispose]();
    expect(await post(webhooks(), url)).toEqual({ kind: 'retry', reason: 'unreachable' });
  });

  test('ends when its caller stops, also while it waits for a place', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = () => {};
    const stopping = new AbortController();
    const made = webhooks({ ...LOOPBACK, maxCallsPerHost: 1 });
    const calls = [1, 2].map(() => made.post(callTo(receiver.url()), stopping.signal));
    await expect.poll(() => receiver.received).toHaveLength(1);
    stopping.abort();
    const stopped = { kind: 'retry', reason: 'stopped' };
    expect(await Promise.all(calls)).toEqual([stopped, stopped]);
    expect(await made.post(callTo(receiver.url()), stopping.signal)).toEqual(stopped);
    await expect.poll(() => receiver.open).toBe(0);
  });

  test('to a host that hangs does not delay calls to another', async () => {
    await using slow = await Receiver.start();
    await using fast = await Receiver.start();
    slow.answer = () => {};
    const resolve = async (): Promise<string[]> => ['127.0.0.1'];
    const limits = { maxCalls: 4, maxCallsPerHost: 2, timeoutMs: 30_000 };
    const made = webhooks({ ...LOOPBACK, ...limits }, { resolve });
    const stopping = new AbortController();
    const hanging = Array.from({ length: 50 }, () =>
      made.post(callTo(slow.url('slow.test')), stopping.signal),
    );
    await expect.poll(() => slow.open).toBe(2);
    expect(await post(made, fast.url('fast.test'))).toEqual({ kind: 'delivered' });
    expect(slow.open).toBe(2);
    stopping.abort();
    await Promise.all(hanging);
  });

  test('whose caller stops as it gets its place makes no connection', async () => {
    await using receiver = await Receiver.start();
    const stopping = new AbortController();
    const call = webhooks().post(callTo(receiver.url()), stopping.signal);
    stopping.abort();
    expect(await call).toEqual({ kind: 'retry', reason: 'stopped' });
    expect(receiver.received).toEqual([]);
  });

  test('of an event that cannot be serialized is refused', async () => {
    const event = { payload: { $case: 'statusUpdate', value: undefined } } as never;
    const outcome = await webhooks().post(callTo('http://127.0.0.1:9/', { event }), live);
    expect(outcome).toEqual({ kind: 'refused', reason: 'unserializable' });
  });
});
