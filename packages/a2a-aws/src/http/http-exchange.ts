import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';

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

/** Does `work` as part of `exchange`. */
export function insideExchange(exchange: HttpExchange, work: () => void): void {
  exchanges.run(exchange, work);
}

/** Does `work` as nobody's request: what it starts must not depend on the client that is here now. */
export function outsideExchange<T>(work: () => T): T {
  return exchanges.exit(work);
}
