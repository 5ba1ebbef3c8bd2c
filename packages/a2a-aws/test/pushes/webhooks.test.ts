import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { systemClock } from '@a2a-aws/core';
import {
  type StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskPushNotificationConfig,
  TaskStatusUpdateEvent,
} from '@a2a-js/sdk';
import { createLegacyAwarePushNotificationSender } from '@a2a-js/sdk/compat/v0_3/server';
import { InMemoryPushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type PushOptions, pushSettings } from '../../src/pushes/push-settings.ts';
import type { WebhookCall, WebhookOutcome } from '../../src/pushes/webhook-call.ts';
import { type WebhookDeps, Webhooks } from '../../src/pushes/webhooks.ts';
import { Receiver, TRUSTING } from '../fixtures/receiver.ts';

const LOOPBACK: PushOptions = { allowHttp: true, allowPrivateAddresses: true, timeoutMs: 2_000 };
const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
const live = new AbortController().signal;
const opened: Webhooks[] = [];

function webhooks(options: PushOptions = LOOPBACK, deps: Partial<WebhookDeps> = {}): Webhooks {
  const made = new Webhooks({ clock: systemClock, settings: pushSettings(options), ...deps });
  opened.push(made);
  return made;
}

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
  vi.restoreAllMocks();
});

const task = Task.fromJSON({
  id: 'task-1',
  contextId: 'context-1',
  status: { state: 'TASK_STATE_WORKING', timestamp: '2026-01-01T00:00:00.000Z' },
  artifacts: [{ artifactId: 'out', parts: [{ text: 'é 漢字 𝄞' }] }],
});
const status = TaskStatusUpdateEvent.fromJSON({
  taskId: 'task-1',
  contextId: 'context-1',
  status: { state: 'TASK_STATE_COMPLETED', timestamp: '2026-01-02T00:00:00.000Z' },
});
const chunk = TaskArtifactUpdateEvent.fromJSON({
  taskId: 'task-1',
  contextId: 'context-1',
  artifact: { artifactId: 'out', parts: [{ text: 'more' }] },
});
const EVENTS: readonly StreamResponse[] = [
  { payload: { $case: 'task', value: task } },
  { payload: { $case: 'statusUpdate', value: status } },
  { payload: { $case: 'artifactUpdate', value: chunk } },
];

function callTo(url: string, fields: Partial<WebhookCall> = {}): WebhookCall {
  const config = TaskPushNotificationConfig.fromJSON({ id: 'c', taskId: 'task-1', url });
  return { config, event: EVENTS[1] as StreamResponse, id: 'event.1', ...fields };
}

const post = (made: Webhooks, url: string): Promise<WebhookOutcome> => made.post(callTo(url), live);

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

  test('calls in a row share a connection', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = (response) => void response.end('thank you');
    const made = webhooks();
    for (let call = 0; call < 10; call += 1) await post(made, receiver.url());
    expect(receiver.received).toHaveLength(10);
    expect(receiver.connections).toBe(1);
    made.close();
    await vi.waitFor(() => expect(receiver.open).toBe(0));
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

describe('the answer', () => {
  test.each([
    [200, { kind: 'delivered' }],
    [202, { kind: 'delivered' }],
    [204, { kind: 'delivered' }],
    [301, { kind: 'refused', reason: 'redirect' }],
    [307, { kind: 'refused', reason: 'redirect' }],
    [308, { kind: 'refused', reason: 'redirect' }],
    [400, { kind: 'refused', reason: 'http-400' }],
    [401, { kind: 'refused', reason: 'http-401' }],
    [404, { kind: 'refused', reason: 'http-404' }],
    [408, { kind: 'retry', reason: 'http-408' }],
    [410, { kind: 'refused', reason: 'http-410' }],
    [425, { kind: 'retry', reason: 'http-425' }],
    [429, { kind: 'retry', reason: 'http-429' }],
    [500, { kind: 'retry', reason: 'http-500' }],
    [503, { kind: 'retry', reason: 'http-503' }],
    [599, { kind: 'retry', reason: 'http-599' }],
  ] as const)('%d', async (code, outcome) => {
    await using other = await Receiver.start();
    await using receiver = await Receiver.start();
    receiver.answer = (response) => {
      response.writeHead(code, { location: other.url() }).end();
    };
    expect(await post(webhooks(), receiver.url())).toEqual(outcome);
    expect(other.connections).toBe(0);
  });

  test('503 with Retry-After says when', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = (response) => void response.writeHead(503, { 'retry-after': '7' }).end();
    const outcome = await post(webhooks(), receiver.url());
    expect(outcome).toEqual({ kind: 'retry', reason: 'http-503', afterMs: 7_000 });
  });

  test('that never comes is a time-out', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = () => {};
    const outcome = await post(webhooks({ ...LOOPBACK, timeoutMs: 200 }), receiver.url());
    expect(outcome).toEqual({ kind: 'retry', reason: 'timeout' });
    await vi.waitFor(() => expect(receiver.open).toBe(0));
  });

  test('whose headers drip is a time-out', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nx-slow: '.split('');
    await using raw = await rawReceiver((socket) => {
      const timer = setInterval(() => socket.write(answer.shift() ?? 'x'), 20);
      socket.once('close', () => clearInterval(timer));
    });
    const outcome = await post(webhooks({ ...LOOPBACK, timeoutMs: 500 }), raw.url);
    expect(outcome).toEqual({ kind: 'retry', reason: 'timeout' });
  });

  test('whose body never ends has arrived, and holds its connection no longer than the time-out', async () => {
    await using receiver = await Receiver.start();
    receiver.answer = (response) => void response.writeHead(200).write('.');
    const began = Date.now();
    const outcome = await post(webhooks({ ...LOOPBACK, timeoutMs: 300 }), receiver.url());
    expect(outcome).toEqual({ kind: 'delivered' });
    expect(Date.now() - began).toBeLessThan(2_000);
    await vi.waitFor(() => expect(receiver.open).toBe(0));
  });

  test('with an endless body is read up to a limit', async () => {
    await using receiver = await Receiver.start();
    let written = 0;
    receiver.answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1_024))) written += 1;
      };
      response.on('drain', more).on('error', () => {});
      more();
    };
    expect(await post(webhooks(), receiver.url())).toEqual({ kind: 'delivered' });
    await vi.waitFor(() => expect(receiver.open).toBe(0));
    expect(written * 16 * 1_024).toBeLessThan(64 * 1_024 * 1_024);
  });

  test.each([
    ['that is not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'malformed-answer'],
    [
      'with endless headers',
      `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`,
      'malformed-answer',
    ],
    [
      'that changes the protocol',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
      'unreachable',
    ],
    ['that is cut off', 'HTTP/1.1 20', 'unreachable'],
    [
      'of two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'malformed-answer',
    ],
  ])('%s is a failure', async (_, text, reason) => {
    await using raw = await rawReceiver((socket) => socket.end(text));
    expect(await post(webhooks(), raw.url)).toEqual({ kind: 'retry', reason });
  });

  test('after many interim answers counts, or is a time-out', async () => {
    await using raw = await rawReceiver((socket) => {
      const timer = setInterval(
        () => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)),
        5,
      );
      socket.once('close', () => clearInterval(timer));
    });
    const outcome = await post(webhooks({ ...LOOPBACK, timeoutMs: 300 }), raw.url);
    expect(outcome).toEqual({ kind: 'retry', reason: 'timeout' });
  });

  test('that comes before the whole body was read counts', async () => {
    await using raw = await rawReceiver((socket) => {
      socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
    });
    const text = 'x'.repeat(4 * 1_024 * 1_024);
    const value = { ...chunk, metadata: { text } };
    const event: StreamResponse = { payload: { $case: 'artifactUpdate', value } };
    const outcome = await webhooks().post(callTo(raw.url, { event }), live);
    expect(['http-413', 'unreachable']).toContain('reason' in outcome && outcome.reason);
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
    await vi.waitFor(() => expect(receiver.received).toHaveLength(1));
    stopping.abort();
    const stopped = { kind: 'retry', reason: 'stopped' };
    expect(await Promise.all(calls)).toEqual([stopped, stopped]);
    expect(await made.post(callTo(receiver.url()), stopping.signal)).toEqual(stopped);
    await vi.waitFor(() => expect(receiver.open).toBe(0));
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
    await vi.waitFor(() => expect(slow.open).toBe(2));
    expect(await post(made, fast.url('fast.test'))).toEqual({ kind: 'delivered' });
    expect(slow.open).toBe(2);
    stopping.abort();
    await Promise.all(hanging);
  });

  test('of an event that cannot be serialized is refused', async () => {
    const event = { payload: { $case: 'statusUpdate', value: undefined } } as never;
    const outcome = await webhooks().post(callTo('http://127.0.0.1:9/', { event }), live);
    expect(outcome).toEqual({ kind: 'refused', reason: 'unserializable' });
  });
});

describe('over TLS', () => {
  const resolve = async (): Promise<string[]> => ['127.0.0.1'];
  const options: PushOptions = { allowPrivateAddresses: true, timeoutMs: 2_000 };

  test('a receiver with the name of its certificate is called, and its connection shared', async () => {
    await using receiver = await Receiver.start(true);
    const made = webhooks(options, { resolve, secureContext: TRUSTING });
    for (let call = 0; call < 3; call += 1) {
      expect(await post(made, receiver.url('receiver.test'))).toEqual({ kind: 'delivered' });
    }
    expect(receiver.connections).toBe(1);
  });

  test('each name has a connection of its own', async () => {
    await using receiver = await Receiver.start(true);
    const made = webhooks(options, { resolve, secureContext: TRUSTING });
    for (const name of ['receiver.test', 'a.receiver.test', 'b.receiver.test']) {
      expect(await post(made, receiver.url(name))).toEqual({ kind: 'delivered' });
    }
    expect(receiver.connections).toBe(3);
    expect(receiver.received.map(({ headers }) => headers.host)).toEqual(
      ['receiver.test', 'a.receiver.test', 'b.receiver.test'].map(
        (name) => `${name}:${receiver.port}`,
      ),
    );
  });

  test.each([
    ['another name', 'other.test', TRUSTING],
    ['an address', '127.0.0.1', TRUSTING],
    ['a certificate that nobody trusts', 'receiver.test', undefined],
  ])('a receiver with %s gets nothing', async (_, host, secureContext) => {
    await using receiver = await Receiver.start(true);
    const outcome = await post(webhooks(options, { resolve, secureContext }), receiver.url(host));
    expect(outcome).toEqual({ kind: 'retry', reason: 'certificate' });
    expect(receiver.received).toEqual([]);
  });

  test('a receiver that never greets is a time-out', async () => {
    await using raw = await rawReceiver(() => {});
    const url = raw.url.replace('http:', 'https:');
    const outcome = await post(webhooks({ ...options, timeoutMs: 300 }), url);
    expect(outcome).toEqual({ kind: 'retry', reason: 'timeout' });
  });

  test('a receiver without TLS has failed', async () => {
    await using receiver = await Receiver.start();
    const url = receiver.url().replace('http:', 'https:');
    expect(await post(webhooks(options), url)).toEqual({ kind: 'retry', reason: 'unreachable' });
  });
});

interface RawReceiver extends AsyncDisposable {
  readonly url: string;
}

/** Gives each connection, once it has sent something, to `serve`. */
async function rawReceiver(serve: (socket: Socket) => void): Promise<RawReceiver> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('data', () => serve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
