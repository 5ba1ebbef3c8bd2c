import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, systemEntropy } from '@a2a-aws/core';
import { Task } from '@a2a-js/sdk';
import express, { type Express } from 'express';
import { afterEach, expect, test } from 'vitest';
import { connectionMiddleware } from '../../src/connections/connection-middleware.ts';
import { OpenConnections } from '../../src/connections/open-connections.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A Task with this number of messages, as the SDK's routers render it. */
function taskJson(messages: number): unknown {
  const history = Array.from({ length: messages }, (_, n) => ({
    messageId: `message-${n}`,
    role: n % 2 === 0 ? 'ROLE_USER' : 'ROLE_AGENT',
    parts: [
      { text: `<${n}> „größer“ \u2028 \u{1f600} ${'text '.repeat(20)}` },
      { data: [n, null] },
    ],
    metadata: { n, empty: {}, none: [] },
  }));
  const artifacts = [{ artifactId: 'a', parts: history.flatMap(({ parts }) => parts) }];
  return Task.toJSON(Task.fromJSON({ id: 'task', contextId: 'context', history, artifacts }));
}

interface Served {
  /** The headers without the date, and the body. */
  readonly seen: unknown;
  /** The turns of the event loop while the server answered. */
  readonly turns: number;
}

async function serve(
  app: Express,
  body: unknown,
  { type, ...request }: RequestInit & { readonly type?: string } = {},
): Promise<Served> {
  let turns = 0;
  app.get('/', (_, response) => {
    const turn = (): void => {
      turns += 1;
      if (!response.writableEnded) setImmediate(turn);
    };
    setImmediate(turn);
    if (type !== undefined) response.setHeader('Content-Type', type);
    response.status(200).json(body);
  });
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}`, request);
  const { date: _, ...headers } = Object.fromEntries(answer.headers);
  return { seen: [answer.status, headers, await answer.text()], turns };
}

/** Apps with and without the middleware. */
function apps(): [Express, Express] {
  const [divided, whole] = [express(), express()];
  divided.use(connectionMiddleware(systemClock, new OpenConnections(), systemEntropy));
  return [divided, whole];
}

test.each([
  ['a Task', taskJson(20_000), {}],
  ['a response of JSON-RPC', { jsonrpc: '2.0', id: 1, result: taskJson(20_000) }, {}],
  ['a Task of another media type', taskJson(20_000), { type: 'application/a2a+json' }],
])(
  '%s of 20,000 messages is answered in slices, byte for byte as express does',
  async (_, body, options) => {
    const [divided, whole] = apps();
    const [ours, theirs] = [await serve(divided, body, options), await serve(whole, body, options)];
    expect(ours.seen).toEqual(theirs.seen);
    expect(theirs.turns).toBe(1);
    expect(ours.turns).toBeGreaterThan(5);
  },
);

test('[I6] a long answer is written in another turn than the one in which it was rendered', async () => {
  const [divided] = apps();
  // Less than a slice.
  expect((await serve(divided, taskJson(1_200))).turns).toBeGreaterThan(1);
});

test.each([
  ['a short answer', taskJson(10), {}],
  [
    'an answer whose type has a parameter',
    taskJson(20_000),
    { type: 'text/plain; charset=utf-16' },
  ],
])('%s is not divided', async (_, body, options) => {
  const [divided, whole] = apps();
  const [ours, theirs] = [await serve(divided, body, options), await serve(whole, body, options)];
  expect(ours).toEqual(theirs);
});

test.each([
  ['json spaces', 2],
  ['json escape', true],
  ['json replacer', ['id', 'history']],
])('an application may set %s', async (setting, value) => {
  const [divided, whole] = apps();
  for (const app of [divided, whole]) app.set(setting, value);
  const body = taskJson(5_000);
  expect(await serve(divided, body)).toEqual(await serve(whole, body));
});

test('a client that has the answer gets 304', async () => {
  const [divided, whole] = apps();
  const body = taskJson(5_000);
  const first = await serve(whole, body);
  const [, { etag = '' }] = first.seen as [number, Record<string, string>];
  const [again] = apps();
  const headers = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
  const [status] = (await serve(again, body, { headers })).seen as [number];
  expect(status).toBe(304);
  expect((await serve(divided, body)).seen).toEqual(first.seen);
});

test('a value without JSON breaks the connection', async () => {
  const [divided] = apps();
  const body = [...Array(100_000).keys(), 1n];
  await expect(serve(divided, body)).rejects.toThrow('fetch failed');
});

test('middleware before ours that replaces `json` still gets the answer', async () => {
  const app = express();
  const bodies: unknown[] = [];
  app.use((_, response, next) => {
    const json = response.json.bind(response);
    response.json = (body) => {
      bodies.push(body);
      return json(body);
    };
    next();
  });
  app.use(connectionMiddleware(systemClock, new OpenConnections(), systemEntropy));
  const body = taskJson(5_000);
  await serve(app, body);
  expect(bodies).toEqual([body]);
});
