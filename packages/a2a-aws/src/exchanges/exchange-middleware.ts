import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Exchange, httpExchange } from './exchange.ts';

/** Middleware of the shape that express and connect take. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** How often an idle event stream says that it lives, in milliseconds: proxies cut silent ones. */
const HEARTBEAT_MS = 15_000;
const RETRY_AFTER_SECONDS = '1';

/**
 * Lets the handler know what the SDK's routers do not tell it: that a client has left, that it does
 * not keep up, and that an answer is to be 503. Mount it before them.
 */
export function exchangeMiddleware(): Middleware {
  return (request, response, next) => {
    const exchange = httpExchange(request, response);
    if (exchange) {
      sendRetryAfter(response, exchange);
      sendHeartbeats(response, exchange);
    }
    next();
  };
}

function sendRetryAfter(response: ServerResponse, exchange: Exchange): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    if (!exchange.isRetryLater) return writeHead(...args);
    response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    return writeHead(503, ...args.slice(1));
  };
}

function sendHeartbeats(response: ServerResponse, exchange: Exchange): void {
  const timer = setInterval(() => {
    const streams = String(response.getHeader('content-type')).startsWith('text/event-stream');
    const isOpen = response.headersSent && !response.writableEnded && !response.destroyed;
    if (isOpen && streams && !response.writableNeedDrain) response.write(': alive\n\n');
  }, HEARTBEAT_MS);
  timer.unref();
  const stop = (): void => clearInterval(timer);
  // An answer that is complete may take long to be read: `close` comes only then.
  response.once('finish', stop);
  exchange.left.addEventListener('abort', stop, { once: true });
}
