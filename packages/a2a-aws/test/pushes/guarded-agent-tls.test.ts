import { afterEach, describe, expect, test } from 'vitest';
import type { PushOptions } from '../../src/pushes/push-settings.ts';
import { rawReceiver } from '../fixtures/raw-receiver.ts';
import { Receiver, TRUSTING } from '../fixtures/receiver.ts';
import { callTo, closeWebhooks, post, webhooks } from '../fixtures/webhook-calls.ts';

afterEach(() => closeWebhooks());

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

  test('a receiver that breaks off the greeting has failed, and breaks nothing here', async () => {
    await using raw = await rawReceiver((socket) => void socket.resetAndDestroy());
    const url = raw.url.replace('http:', 'https:');
    for (let at = 0; at < 20; at += 1) {
      expect(await post(webhooks(options), url)).toEqual({ kind: 'retry', reason: 'unreachable' });
    }
  });

  test('calls that stop during the greeting leave no connection', async () => {
    await using raw = await rawReceiver(() => {});
    const url = raw.url.replace('http:', 'https:');
    const stopping = new AbortController();
    const calls = Array.from({ length: 10 }, () =>
      webhooks(options).post(callTo(url), stopping.signal),
    );
    await expect.poll(() => raw.open).toBe(10);
    stopping.abort();
    expect(new Set((await Promise.all(calls)).map((one) => 'reason' in one && one.reason))).toEqual(
      new Set(['stopped']),
    );
    await expect.poll(() => raw.open).toBe(0);
  });

  test('a receiver without TLS has failed', async () => {
    await using receiver = await Receiver.start();
    const url = receiver.url().replace('http:', 'https:');
    expect(await post(webhooks(options), url)).toEqual({ kind: 'retry', reason: 'unreachable' });
  });
});
