import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { status } from '@grpc/grpc-js';
import { type Backend, createBackend } from 'a2a-aws';
import express from 'express';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { clientAt } from './fixtures/clients.ts';
import { failure } from './fixtures/eventually.ts';
import { CALM_OVERLOAD } from './fixtures/fleet.ts';
import { GrpcEndpoint } from './fixtures/grpc-endpoint.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { get, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 60_000;
const scripts = new Scripts();
const logger = new RecordedLogger();
let hasCredentials = true;
let aws: LocalAws;
let backend: Backend;
let http: HttpServer;
let grpc: GrpcEndpoint;

beforeAll(async () => {
  aws = await startLocalAws();
  const { tableName, topicArn, clientConfig } = aws;
  const found = async () => {
    if (!hasCredentials) {
      const name = 'CredentialsProviderError';
      throw Object.assign(new Error('Could not load credentials from any providers'), { name });
    }
    // The SDK keeps no credentials that expire within five minutes.
    return { ...clientConfig.credentials, expiration: new Date(Date.now() + 1_000) };
  };
  const config = { ...clientConfig, credentials: found };
  const overload = CALM_OVERLOAD;
  backend = createBackend({ tableName, topicArn, clientConfig: config, logger, overload });
  await backend.start();
  const requestHandler = backend.requestHandler(
    agentCard('http://127.0.0.1'),
    new ScriptedAgent('A', scripts),
  );
  const userBuilder = UserBuilder.noAuthentication;
  const app = express();
  app.use(backend.express());
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder }));
  app.use('/rest', restHandler({ requestHandler, userBuilder }));
  http = app.listen(0, '127.0.0.1');
  await once(http, 'listening');
  grpc = await GrpcEndpoint.start(requestHandler, backend);
}, timeout);

afterAll(async () => {
  hasCredentials = true;
  grpc.stop();
  await backend.stop({ drainMs: 0 });
  http.closeAllConnections();
  http.close();
  await aws.stop();
}, timeout);

async function withoutCredentials<T>(work: () => Promise<T>): Promise<T> {
  hasCredentials = false;
  try {
    return await work();
  } finally {
    hasCredentials = true;
  }
}

const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER', parts: [{ text: 'hi' }] };
const rpc = (method: string, params: object): [string, object] => [
  '/rpc',
  { jsonrpc: '2.0', id: 7, method, params },
];

test.each<[string, string, object | undefined]>([
  ['GetTask over REST', '/rest/tasks/unknown', undefined],
  ['SendMessage over REST', '/rest/message:send', { message }],
  ['SendStreamingMessage over REST', '/rest/message:stream', { message }],
  ['GetTask over JSON-RPC', ...rpc('GetTask', { id: 'unknown' })],
  ['SendMessage over JSON-RPC', ...rpc('SendMessage', { message })],
  ['SendStreamingMessage over JSON-RPC', ...rpc('SendStreamingMessage', { message })],
])('%s is answered 503 with Retry-After', { timeout }, async (_, path, body) => {
  const { port } = http.address() as AddressInfo;
  const response = await withoutCredentials(() =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', 'a2a-version': '1.0' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(await response.text()).toContain('Try again');
});

test('over gRPC every call is UNAVAILABLE', { timeout }, async () => {
  const client = await clientAt(grpc.url, 'GRPC');
  const text = scripts.add((turn) => turn.task('COMPLETED'));
  const errors = await withoutCredentials(() =>
    Promise.all([
      failure('GetTask', client.getTask(get('unknown'))),
      failure('SendMessage', client.sendMessage(send(text))),
      failure('SendStreamingMessage', new StreamReader(client.sendMessageStream(send(text))).end()),
    ]),
  );
  for (const error of errors) {
    expect(error.message).toMatch(/Try again/);
    expect(JSON.stringify(statuses(error))).toContain(`${status.UNAVAILABLE}`);
  }
  // It passes, and needs no new start.
  await client.sendMessage(send(text));
});

test('log lines distinguish it from a missing permission', () => {
  const refused = logger.lines.filter(({ event }) => event === 'request.refused');
  expect(refused.length).toBeGreaterThanOrEqual(9);
  expect(new Set(refused.map(({ fields }) => fields?.code))).toEqual(
    new Set(['credentials-missing']),
  );
});

/** The status of a call, however the client wraps it. */
function statuses(error: unknown): unknown[] {
  if (typeof error !== 'object' || error === null) return [];
  const { status, code, cause } = error as { status?: unknown; code?: unknown; cause?: unknown };
  return [status, code, ...statuses(cause)];
}
