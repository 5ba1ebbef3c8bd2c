import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, systemEntropy } from '@a2a-aws/core';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Connection, connectionOf } from '../../src/connections/connection.ts';
import { connectionMiddleware } from '../../src/connections/connection-middleware.ts';
import { OpenConnections } from '../../src/connections/open-connections.ts';
import { FakeResponse } from '../fixtures/fake-response.ts';

/** Does as the SDK's routers at a stream's first event. */
function begin(response: FakeResponse): void {
  response.setHeader('Content-Type', 'text/event-stream');
  response.setHeader('Cache-Control', 'no-cache');
  response.flushHeaders();
}

/** The connection that a call finds whose request went through the middleware. */
function handled(
  response: FakeResponse,
  given: IncomingHttpHeaders | IncomingMessage = {},
): Connection | undefined {
  let connection: Connection | undefined;
  const request = ('headers' in given ? given : { headers: given }) as IncomingMessage;
  connectionMiddleware(systemClock, new OpenConnections(), systemEntropy)(
    request,
    response as unknown as ServerResponse,
    () => {
      connection = connectionOf(contextWith(request.headers));
    },
  );
  return connection;
}

/** The context of a call, as the SDK's default builder makes it. */
function contextWith(headers: unknown): ServerCallContext {
  return new ServerCallContext({ state: new Map([['headers', headers]]) });
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test('[I6] an idle event stream gets comments', () => {
  const response = new FakeResponse();
  handled(response);
  begin(response);
  vi.advanceTimersByTime(31_000);
  expect(response.written).toEqual([': alive\n\n', ': alive\n\n']);
});

test('[I8] a stream with a slow reader gets no comments', () => {
  const response = new FakeResponse();
  handled(response);
  begin(response);
  response.writableNeedDrain = true;
  vi.advanceTimersByTime(31_000);
  expect(response.written).toEqual([]);
});

test('an answer that is complete, but not yet read, is written to no more', () => {
  const response = new FakeResponse();
  handled(response);
  begin(response);
  response.end();
  vi.advanceTimersByTime(60_000);
  expect(response.written).toEqual([]);
});

test.each(['finish', 'close'])('no timer is left after: %s', (event) => {
  const response = new FakeResponse();
  handled(response)?.expectStream();
  begin(response);
  response.emit(event);
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer that is no stream has no timer', () => {
  handled(new FakeResponse());
  expect(vi.getTimerCount()).toBe(0);
});

test('[I6] an established stream opens before its first event, and lives on', async () => {
  const response = new FakeResponse();
  const connection = handled(response);
  // REST's router says so before it knows what will be answered.
  response.setHeader('Content-Type', 'application/a2a+json');
  connection?.expectStream();
  connection?.establishStream();
  vi.advanceTimersByTime(1_000);

  expect(response.headersSent).toBe(true);
  expect(response.statusCode).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  begin(response);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(response.written).toEqual([': alive\n\n', ': alive\n\n', ': alive\n\n']);
});

test('[I6] a stream that is expected opens in the time of a heartbeat', () => {
  const response = new FakeResponse();
  handled(response)?.expectStream();
  vi.advanceTimersByTime(14_999);
  expect(response.headersSent).toBe(false);
  vi.advanceTimersByTime(1);
  expect(response.headersSent).toBe(true);
});

test('an error after a stream has opened is an event of the stream', () => {
  const response = new FakeResponse();
  handled(response)?.establishStream();
  vi.advanceTimersByTime(1_000);
  response.setHeader('Content-Length', '11');
  response.end('{"error":\n1}');
  expect(response.written).toEqual([': alive\n\n', 'event: error\ndata: {"error":\ndata: 1}\n\n']);
});

test('an error before that is answered as it is', () => {
  const response = new FakeResponse();
  handled(response)?.expectStream();
  response.setHeader('Content-Length', '11');
  response.end('{"error":1}');
  expect(response.written).toEqual(['{"error":1}']);
});

test.each([
  ['no-cache', 'no-cache, no-transform'],
  ['private, no-transform', 'private, no-transform'],
])('an event stream is not to be transformed: %s', (set, sent) => {
  const response = new FakeResponse();
  handled(response);
  response.setHeader('Cache-Control', set);
  response.setHeader('Content-Type', 'text/event-stream');
  expect(response.getHeader('Cache-Control')).toBe(sent);
  response.setHeader('Cache-Control', set);
  expect(response.getHeader('Cache-Control')).toBe(sent);
});

test('[I10] a client that left is noticed, also one that left before', () => {
  const response = new FakeResponse();
  const connection = handled(response);
  expect(connection?.left.aborted).toBe(false);
  response.emit('close');
  expect(connection?.left.aborted).toBe(true);
  const late = new FakeResponse();
  late.closed = true;
  expect(handled(late)?.left.aborted).toBe(true);
});

test('[I9] a connection is found by the headers of its request or a copy, not by equal ones', () => {
  const headers = { host: 'a' };
  const connection = handled(new FakeResponse(), headers);
  expect(connection).toBeDefined();
  expect(connectionOf(contextWith(headers))).toBe(connection);
  // A middleware or a context builder may copy the headers.
  expect(connectionOf(contextWith({ ...headers }))).toBe(connection);
  expect(connectionOf(contextWith({ host: 'a' }))).toBeUndefined();
  expect(connectionOf(contextWith('headers'))).toBeUndefined();
  expect(connectionOf(new ServerCallContext())).toBeUndefined();
});

test('[I9] the token of a connection that a client sends is replaced', () => {
  const headers = { host: 'a' };
  const connection = handled(new FakeResponse(), headers);
  const stolen = { ...headers };
  expect(connectionOf(contextWith(stolen))).toBe(connection);
  const other = handled(new FakeResponse(), stolen);
  expect(other).toBeDefined();
  expect(other).not.toBe(connection);
});

test('a request that passes the middleware twice has one connection', () => {
  const request = { headers: { host: 'a' } } as IncomingMessage;
  const response = new FakeResponse();
  expect(handled(response, request)).toBe(handled(response, request));
  begin(response);
  vi.advanceTimersByTime(16_000);
  expect(response.written).toEqual([': alive\n\n']);
});
