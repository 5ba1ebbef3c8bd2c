import type { StreamResponse } from '@a2a-js/sdk';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { rawReceiver } from '../fixtures/raw-receiver.ts';
import { Receiver } from '../fixtures/receiver.ts';
import {
  callTo,
  chunk,
  closeWebhooks,
  LOOPBACK,
  live,
  post,
  webhooks,
} from '../fixtures/webhook-calls.ts';

afterEach(() => closeWebhooks());

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
    await expect.poll(() => receiver.open).toBe(0);
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
    const outcome = await post(webhooks({ ...LOOPBACK, timeoutMs: 2_000 }), receiver.url());
    expect(outcome).toEqual({ kind: 'delivered' });
    await expect.poll(() => receiver.open).toBe(0);
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
    await expect.poll(() => receiver.open).toBe(0);
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

const PIECES = [
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 503 Busy\r\nRetry-After: -1\r\n',
  'HTTP/1.0 204\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\n\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 18446744073709551616\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: h2c\r\n',
  'Keep-Alive: timeout=0\r\n',
  'Location: http://127.0.0.1/\r\n',
  '\r\n',
  'abc',
  '3\r\nabc\r\n',
  'ffffffff\r\n',
  '0\r\n\r\n',
  '\0\xff\n',
];

test('However a receiver answers, each call ends in time, and leaves no connection in use.', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }),
      fc.constantFrom('end', 'reset', 'hang'),
      async (pieces, end) => {
        await using raw = await rawReceiver((socket) => {
          for (const piece of pieces) socket.write(piece, 'latin1');
          if (end === 'end') socket.end();
          if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), 5);
        });
        const made = webhooks({ ...LOOPBACK, timeoutMs: 60 });
        for (const outcome of [await post(made, raw.url), await post(made, raw.url)]) {
          expect(outcome.kind).toMatch(/^(delivered|retry|refused)$/);
          if (outcome.kind !== 'delivered') expect(outcome.reason).toMatch(/^[a-z]+(-[a-z0-9]+)?$/);
        }
        made.close();
        await expect.poll(() => raw.open, { interval: 5 }).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});
