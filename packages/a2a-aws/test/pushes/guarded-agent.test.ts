import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { systemClock } from '@a2a-aws/core';
import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { afterEach, describe, expect, test } from 'vitest';
import type { ResolveHost } from '../../src/pushes/host-addresses.ts';
import { type PushOptions, pushSettings } from '../../src/pushes/push-settings.ts';
import type { WebhookOutcome } from '../../src/pushes/webhook-call.ts';
import { Webhooks } from '../../src/pushes/webhooks.ts';

const FORBIDDEN: WebhookOutcome = { kind: 'refused', reason: 'forbidden-address' };
const PUBLIC = '8.8.8.8';
const opened: Webhooks[] = [];

afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

function post(
  url: string,
  resolve: ResolveHost,
  options: PushOptions = {},
): Promise<WebhookOutcome> {
  const settings = pushSettings({ allowHttp: true, timeoutMs: 2_000, ...options });
  const webhooks = new Webhooks({ clock: systemClock, settings, resolve });
  opened.push(webhooks);
  const config = TaskPushNotificationConfig.fromJSON({ url });
  const event = { payload: undefined };
  return webhooks.post({ config, event, id: 'id' }, new AbortController().signal);
}

const answering =
  (...addresses: string[]): ResolveHost =>
  async () =>
    addresses;

/** Counts the connections to loopback, those that were closed, and the bytes that they bring. */
async function trap(host = '127.0.0.1'): Promise<Trap> {
  const seen = { connections: 0, closed: 0, bytes: 0 };
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.on('error', () => {});
    socket.on('close', () => {
      seen.closed += 1;
    });
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
    });
  }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

interface Trap extends AsyncDisposable {
  readonly seen: { connections: number; closed: number; bytes: number };
  readonly port: number;
}

/** A list of addresses that shows another one each time it is read. */
function changing(...answers: string[]): readonly string[] {
  let reads = 0;
  return new Proxy(['x'], {
    get: (list, property, receiver) => {
      if (property !== '0') return Reflect.get(list, property, receiver);
      const answer = answers[Math.min(reads, answers.length - 1)];
      reads += 1;
      return answer;
    },
  });
}

describe('a name', () => {
  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['fd00:ec2::254'],
    ['0.0.0.0'],
    [PUBLIC, '127.0.0.1'],
    ['2606:4700::1111', '::1'],
    ['not an address'],
  ])('with the address %s is refused, and not connected', async (...addresses) => {
    await using loopback = await trap();
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://rebound.test:${loopback.port}/`;
      expect(await post(url, answering(...addresses))).toEqual(FORBIDDEN);
    }
    expect(loopback.seen.connections).toBe(0);
  });

  test.each(['http', 'https'])(
    'whose address changes between the check and the %s connection receives no byte',
    async (scheme) => {
      await using loopback = await trap();
      const url = `${scheme}://rebound.test:${loopback.port}/`;
      const outcome = await post(url, async () => changing(PUBLIC, '127.0.0.1'));
      expect(outcome).toEqual(FORBIDDEN);
      await expect.poll(() => loopback.seen).toEqual({ connections: 1, closed: 1, bytes: 0 });
    },
  );

  test('without an address is unreachable', async () => {
    const resolve: ResolveHost = () => Promise.reject(new Error('ENOTFOUND'));
    expect(await post('http://none.test/', resolve)).toEqual({
      kind: 'retry',
      reason: 'unreachable',
    });
    expect(await post('http://none.test/', answering())).toEqual({
      kind: 'retry',
      reason: 'unreachable',
    });
  });

  test('whose name server never answers is a time-out', async () => {
    const resolve: ResolveHost = () => new Promise(() => {});
    const outcome = await post('http://silent.test/', resolve, { timeoutMs: 200 });
    expect(outcome).toEqual({ kind: 'retry', reason: 'timeout' });
  });

  test('is asked for again on the next connection', async () => {
    const asked: string[] = [];
    const resolve: ResolveHost = async (host) => {
      asked.push(host);
      return ['127.0.0.1'];
    };
    await post('http://Rebound.test:9/', resolve, { allowPrivateAddresses: true });
    expect(await post('http://rebound.test:9/', resolve)).toEqual(FORBIDDEN);
    expect(asked).toEqual(['rebound.test', 'rebound.test']);
  });

  test('of a metadata service is refused even in a private network', async () => {
    const outcome = await post('http://metadata.test/', answering('169.254.169.254'), {
      allowPrivateAddresses: true,
    });
    expect(outcome).toEqual(FORBIDDEN);
  });
});

test('An address that cannot be reached makes way for the next one.', async () => {
  await using loopback = await trap();
  const url = `http://two.test:${loopback.port}/`;
  // The trap listens on IPv4 only, and on one address only.
  const posted = post(url, answering('::1', '127.0.0.2', '127.0.0.1'), {
    allowPrivateAddresses: true,
    timeoutMs: 30_000,
  });
  await expect.poll(() => loopback.seen.connections).toBe(1);
  opened.pop()?.close();
  await posted;
});
