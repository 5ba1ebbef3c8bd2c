import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Exchange, exchangeOf } from '../../src/exchanges/exchange.ts';
import { exchangeMiddleware } from '../../src/exchanges/exchange-middleware.ts';

/** As much of a response as the middleware touches. */
class FakeResponse extends EventEmitter {
  headersSent = true;
  writableEnded = false;
  writableNeedDrain = false;
  destroyed = false;
  closed = false;
  readonly written: string[] = [];

  getHeader(): string {
    return 'text/event-stream';
  }

  setHeader(): void {}

  writeHead(): this {
    return this;
  }

  write(chunk: string): void {
    if (this.writableEnded) throw new Error('write after end');
    this.written.push(chunk);
  }
}

/** The exchange that a call finds whose request went through the middleware. */
function handled(response: FakeResponse, headers: IncomingHttpHeaders = {}): Exchange | undefined {
  let exchange: Exchange | undefined;
  const request = { headers } as IncomingMessage;
  exchangeMiddleware()(request, response as unknown as ServerResponse, () => {
    exchange = exchangeOf(contextWith(request.headers));
  });
  return exchange;
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

test('[I6] an idle event stream says that it lives', () => {
  const response = new FakeResponse();
  handled(response);
  vi.advanceTimersByTime(31_000);
  expect(response.written).toEqual([': alive\n\n', ': alive\n\n']);
});

test('an answer that is complete, but not yet read, is written to no more', () => {
  const response = new FakeResponse();
  handled(response);
  response.writableEnded = true;
  vi.advanceTimersByTime(60_000);
  expect(response.written).toEqual([]);
});

test('[I10] a client that left is noticed, also one that left before', () => {
  const response = new FakeResponse();
  const exchange = handled(response);
  expect(exchange?.left.aborted).toBe(false);
  response.emit('close');
  expect(exchange?.left.aborted).toBe(true);
  const late = new FakeResponse();
  late.closed = true;
  expect(handled(late)?.left.aborted).toBe(true);
});

test('[I9] an exchange is found by the very headers of its request, not by equal ones', () => {
  const headers = { host: 'a' };
  const exchange = handled(new FakeResponse(), headers);
  expect(exchange).toBeDefined();
  expect(exchangeOf(contextWith(headers))).toBe(exchange);
  expect(exchangeOf(contextWith({ ...headers }))).toBeUndefined();
  expect(exchangeOf(contextWith('headers'))).toBeUndefined();
  expect(exchangeOf(new ServerCallContext())).toBeUndefined();
});

test('a request that goes through the middleware twice has one exchange', () => {
  const headers = { host: 'a' };
  const response = new FakeResponse();
  expect(handled(response, headers)).toBe(handled(response, headers));
  vi.advanceTimersByTime(16_000);
  expect(response.written).toEqual([': alive\n\n']);
});
