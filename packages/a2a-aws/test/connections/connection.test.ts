import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GrpcCall } from '../../src/connections/answer.ts';
import {
  type Connection,
  connectionOf,
  grpcConnection,
  httpConnection,
} from '../../src/connections/connection.ts';
import { OpenConnections } from '../../src/connections/open-connections.ts';
import { FakeResponse } from '../fixtures/fake-response.ts';

let clock: TestClock;
let open: OpenConnections;
let response: FakeResponse;

beforeEach(() => {
  clock = new TestClock();
  open = new OpenConnections();
  response = new FakeResponse();
});

function connect(request: object = {}): Connection {
  const incoming = { headers: {}, ...request } as IncomingMessage;
  const answer = response as unknown as ServerResponse;
  const connection = httpConnection(incoming, answer, 'token', clock, open);
  if (!connection) throw new Error('The request has a connection already.');
  return connection;
}

function call(): GrpcCall & { headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  const metadata = {
    set: (key: string, value: string) => {
      headers[key] = value;
    },
  };
  return Object.assign(new EventEmitter(), { cancelled: false, metadata, headers });
}

/** True once the promise has resolved. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  let done = false;
  void work.then(() => {
    done = true;
  });
  await flush();
  return done;
}

describe('a connection', () => {
  test('knows its binding, and whether its client speaks A2A 1.1', () => {
    expect(connect({ headers: { 'a2a-version': '1.1' } })).toMatchObject({
      transport: 'rest',
      isNewer: true,
    });
    expect(connect().isNewer).toBe(false);
    expect(grpcConnection(call(), 'token', clock)).toMatchObject({
      transport: 'grpc',
      isNewer: false,
    });
  });

  test('[I9] of a request is made once', () => {
    const incoming = { headers: {} } as IncomingMessage;
    const answer = response as unknown as ServerResponse;
    expect(httpConnection(incoming, answer, 'one', clock, open)).toBeDefined();
    expect(httpConnection(incoming, answer, 'two', clock, open)).toBeUndefined();
  });

  test('[I9] of a gRPC call is found by the token in its metadata', () => {
    const made = call();
    const connection = grpcConnection(made, 'grpc-token', clock);
    const context = new ServerCallContext({ state: new Map([['headers', made.headers]]) });
    expect(connectionOf(context)).toBe(connection);
  });

  test('reads the query of a GET request only', () => {
    const url = '/tasks/1?after=one&empty=';
    expect(connect({ method: 'GET', url }).query('after')).toBe('one');
    expect(connect({ method: 'GET', url }).query('empty')).toBe('');
    expect(connect({ method: 'GET', url }).query('before')).toBeUndefined();
    expect(connect({ method: 'POST', url }).query('after')).toBeUndefined();
  });

  test.each([
    ['GET', 204],
    ['POST', 0],
  ])('answers an empty stream of a %s request with the status %s', (method, status) => {
    connect({ method }).endEmpty();
    expect(response.statusCode).toBe(status);
  });

  test('takes back a request to retry', () => {
    const connection = connect();
    connection.retryLater();
    expect(connection.retryAfterSeconds).toBe(1);
    connection.answerNow();
    expect(connection.retryAfterSeconds).toBeUndefined();
  });

  test('[I3] stamps the next frame, and no other', () => {
    const connection = connect();
    connection.stamp({ cursor: 'one', generation: 1, hasField: false });
    (response as unknown as ServerResponse).write('data: {}\n\n');
    (response as unknown as ServerResponse).write('data: {}\n\n');
    expect(response.written).toEqual(['id: one\ndata: {}\n\n', 'data: {}\n\n']);
  });

  test('is counted as open from its first answer on, until its client has left', async () => {
    const connection = connect();
    expect(await isDone(open.end(clock))).toBe(true);
    connection.takeUp();
    const ended = open.end(clock);
    expect(await isDone(ended)).toBe(false);
    response.emit('close');
    expect(await isDone(ended)).toBe(true);
    expect(response.destroyed).toBe(false);
  });
});

describe('a client that does not keep up', () => {
  test('[I8] is waited for until it has taken everything', async () => {
    const connection = connect();
    expect(await isDone(connection.drained())).toBe(true);
    response.writableNeedDrain = true;
    const drained = connection.drained();
    // More was written before this event.
    response.emit('drain');
    expect(await isDone(drained)).toBe(false);
    response.writableNeedDrain = false;
    response.emit('drain');
    expect(await isDone(drained)).toBe(true);
    expect(response.listenerCount('drain')).toBe(0);
  });

  test('[I8] is disconnected after a minute', async () => {
    const connection = connect();
    response.writableNeedDrain = true;
    const drained = connection.drained();
    await clock.advance(59_999);
    expect(response.destroyed).toBe(false);
    await clock.advance(1);
    expect([response.destroyed, connection.left.aborted]).toEqual([true, true]);
    expect(await isDone(drained)).toBe(true);
  });

  test('[I6] is not waited for once it has left, and its timer ends', async () => {
    const connection = connect();
    response.writableNeedDrain = true;
    const drained = connection.drained();
    response.emit('close');
    expect(await isDone(drained)).toBe(true);
    await clock.advance(120_000);
    expect(response.destroyed).toBe(false);
  });
});
