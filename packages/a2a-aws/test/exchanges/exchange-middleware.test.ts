import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { currentExchange, outsideExchange } from '../../src/exchanges/exchange.ts';
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

function handled(response: FakeResponse): ReturnType<typeof currentExchange> {
  let exchange: ReturnType<typeof currentExchange>;
  exchangeMiddleware()({} as IncomingMessage, response as unknown as ServerResponse, () => {
    exchange = currentExchange();
  });
  return exchange;
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

test('[I10] what is started outside is nobody\u2019s request', () => {
  let inside: unknown;
  let outside: unknown = 'not asked';
  exchangeMiddleware()(
    {} as IncomingMessage,
    new FakeResponse() as unknown as ServerResponse,
    () => {
      inside = currentExchange();
      outside = outsideExchange(() => currentExchange());
    },
  );
  expect(inside).toBeDefined();
  expect(outside).toBeUndefined();
});
