import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemEntropy } from '@a2a-aws/core';
import { TestClock } from '@a2a-aws/testkit/fakes';
import { AgentCard } from '@a2a-js/sdk';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectionOf } from '../../src/connections/connection.ts';
import { connectionMiddleware } from '../../src/connections/connection-middleware.ts';
import { OpenConnections } from '../../src/connections/open-connections.ts';

const clock = new TestClock();
const card = AgentCard.fromJSON({
  capabilities: { streaming: true },
  supportedInterfaces: ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({
    url: 'http://127.0.0.1/',
    protocolBinding,
    protocolVersion: '1.0',
  })),
});
/** Its stream is accepted, opens if `opens`, and fails before its first event. */
let opens = false;
const requestHandler = {
  getAgentCard: async () => card,
  // biome-ignore lint/correctness/useYield: it fails before it has anything to give
  async *resubscribe(_params, context) {
    connectionOf(context)?.establishStream();
    // Longer than a stream waits with its opening, and shorter than a heartbeat.
    if (opens) await clock.advance(2_000);
    throw new TaskNotFoundError();
  },
} as Partial<A2ARequestHandler> as A2ARequestHandler;
const BINDINGS = [
  {
    name: 'JSONRPC',
    path: '/rpc',
    body: { jsonrpc: '2.0', id: 7, method: 'SubscribeToTask', params: { id: 't' } },
    told: { jsonrpc: '2.0', id: 7, error: { code: -32001 } },
  },
  {
    name: 'HTTP+JSON',
    path: '/rest/tasks/t:subscribe',
    body: {},
    told: { error: { code: 404, status: 'NOT_FOUND' } },
  },
];
let server: Server;

beforeAll(async () => {
  const handler = { requestHandler, userBuilder: UserBuilder.noAuthentication };
  const app = express();
  app.use(connectionMiddleware(clock, new OpenConnections(), systemEntropy));
  app.use('/rpc', jsonRpcHandler(handler));
  app.use('/rest', restHandler(handler));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

function subscribe(path: string, body: object): Promise<Response> {
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'a2a-version': '1.0' },
    body: JSON.stringify(body),
  });
}

test.each(BINDINGS)(
  '$name: an error before the first event is an event once the stream is open',
  async ({ path, body, told }) => {
    opens = true;
    const response = await subscribe(path, body);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const [, data = ''] =
      /^: alive\n\nevent: error\ndata: (.*)\n\n$/.exec(await response.text()) ?? [];
    expect(JSON.parse(data)).toMatchObject(told);
  },
);

test.each(BINDINGS)('$name: and has its usual form before', async ({ path, body, told }) => {
  opens = false;
  const response = await subscribe(path, body);
  expect(response.headers.get('content-type')).toContain('json');
  expect(await response.json()).toMatchObject(told);
});
