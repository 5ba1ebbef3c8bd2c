import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JoinedWrites } from '../../src/connections/joined-writes.ts';
import { FakeResponse } from '../fixtures/fake-response.ts';
import { rawAnswer } from '../fixtures/raw-answer.ts';

/** Answers with what `work` writes; joined, unless `isPlain`. */
function answer(work: (response: ServerResponse) => void | Promise<void>, isPlain = false) {
  return rawAnswer((_, response) => {
    if (!isPlain) new JoinedWrites(response).begin();
    response.setHeader('Content-Type', 'text/event-stream');
    response.flushHeaders();
    void work(response);
  });
}

test('the texts of one turn are one write, in order', async () => {
  const { chunks } = await answer(async (response) => {
    for (const text of ['a', 'ö', 'b']) response.write(text);
    await turn();
    response.write('c');
    await turn();
    response.end();
  });
  expect(chunks).toEqual(['aöb', 'c']);
});

test('the texts of a chain of promises are one write', async () => {
  const { chunks } = await answer(async (response) => {
    for (const text of ['a', 'b', 'c']) {
      await undefined;
      response.write(text);
    }
    await turn();
    response.end();
  });
  expect(chunks).toEqual(['abc']);
});

test('a response that ends in the same turn is well-formed', async () => {
  const whole = await answer((response) => {
    response.write('a');
    response.write('b');
    response.end();
  });
  expect(whole.chunks.join('')).toBe('ab');
  const withLast = await answer((response) => {
    response.write('a');
    response.end('b');
  });
  expect(withLast.chunks.join('')).toBe('ab');
});

test('bytes, and texts with a callback, keep their place', async () => {
  const called: string[] = [];
  const { chunks } = await answer(async (response) => {
    response.write('a');
    response.write(Buffer.from('b'));
    response.write('c');
    response.write('d', () => called.push('d'));
    response.write('e');
    await turn();
    await turn();
    response.end();
  });
  expect(chunks.join('')).toBe('abcde');
  expect(called).toEqual(['d']);
});

test('a response that was not told to join writes each text', () => {
  const response = new FakeResponse();
  new JoinedWrites(response as unknown as ServerResponse);
  response.flushHeaders();
  response.write('a');
  response.write('b');
  expect(response.written).toEqual(['a', 'b']);
});

test('a text before the headers sends them at once', async () => {
  const response = new FakeResponse();
  new JoinedWrites(response as unknown as ServerResponse).begin();
  response.write('a');
  expect(response.written).toEqual(['a']);
});

test('texts for a client that has left are dropped', async () => {
  const response = new FakeResponse();
  new JoinedWrites(response as unknown as ServerResponse).begin();
  response.flushHeaders();
  response.write('a');
  response.destroy();
  await turn();
  expect(response.written).toEqual([]);
});

test('[I8] long texts do not wait: a client that does not read holds them back', async () => {
  const frame = 'x'.repeat(1_000);
  const server = createServer(async (_, response) => {
    new JoinedWrites(response).begin();
    response.flushHeaders();
    let written = 0;
    while (response.write(frame)) written += frame.length;
    waiting(response.writableLength - written);
    await once(response, 'drain');
    response.end();
  }).listen(0, '127.0.0.1');
  let waiting = (_: number): void => {};
  const unread = new Promise<number>((resolve) => {
    waiting = resolve;
  });
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  // All that was accepted is in the response's own buffer, but for the frame that was one too many.
  expect(await unread).toBeLessThan(2 * frame.length);
  client.resume();
  await once(client, 'close');
  server.close();
});

test('the body is the same as without joining', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), text: fc.string({ unit: 'grapheme' }) }),
    fc.record({ kind: fc.constant('bytes' as const), text: fc.string() }),
    fc.record({ kind: fc.constant('long' as const), text: fc.constant('ä'.repeat(9_000)) }),
    fc.record({ kind: fc.constant('turn' as const), text: fc.constant('') }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step), fc.boolean(), async (steps, endsInTurn) => {
      const play = async (response: ServerResponse): Promise<void> => {
        for (const { kind, text } of steps) {
          if (kind === 'turn') await turn();
          else response.write(kind === 'bytes' ? Buffer.from(text) : text);
        }
        if (!endsInTurn) await turn();
        response.end();
      };
      const [joined, plain] = [await answer(play), await answer(play, true)];
      expect(joined.chunks.join('')).toBe(plain.chunks.join(''));
    }),
    { numRuns: 50 },
  );
});
