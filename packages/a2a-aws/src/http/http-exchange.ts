import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** One HTTP request on its way through the SDK's routers, which themselves look at none of this. */
export class HttpExchange {
  readonly #response: ServerResponse;
  readonly #left = new AbortController();
  #retryLater = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    const leave = (): void => this.#left.abort();
    // The client may have left before this was mounted.
    if (response.closed || response.destroyed) leave();
    else response.once('close', leave);
  }

  /** Aborts when the client has left, or the answer is complete. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** The answer is to be 503 with Retry-After. */
  retryLater(): void {
    this.#retryLater = true;
  }

  get isRetryLater(): boolean {
    return this.#retryLater;
  }

  /** Resolves when the client has taken what was written, or has left. */
  async drained(): Promise<void> {
    while (this.#response.writableNeedDrain && !this.#left.signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#response.off('drain', done);
          this.#left.signal.removeEventListener('abort', done);
          resolve();
        };
        this.#response.once('drain', done);
        this.#left.signal.addEventListener('abort', done, { once: true });
      });
    }
  }
}

const exchanges = new AsyncLocalStorage<HttpExchange>();

/** The exchange that is being handled, if `backend.express()` is mounted before the router. */
export function currentExchange(): HttpExchange | undefined {
  return exchanges.getStore();
}

/** Does `work` as nobody's request: what it starts must not depend on the client that is here now. */
export function outsideExchange<T>(work: () => T): T {
  return exchanges.exit(work);
}

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
  return (_request, response, next) => {
    const exchange = new HttpExchange(response);
    sendRetryAfter(response, exchange);
    sendHeartbeats(response, exchange);
    exchanges.run(exchange, next);
  };
}

function sendRetryAfter(response: ServerResponse, exchange: HttpExchange): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    if (!exchange.isRetryLater) return writeHead(...args);
    response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    return writeHead(503, ...args.slice(1));
  };
}

function sendHeartbeats(response: ServerResponse, exchange: HttpExchange): void {
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
