import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A call as gRPC's server gives it to a service's methods. */
export interface GrpcCall extends EventEmitter {
  /** The client has canceled the call, or is gone. */
  readonly cancelled: boolean;
  /** Of calls whose answer is a stream: more is written than was sent. */
  readonly writableNeedDrain?: boolean;
}

/** One request on its way through the SDK's routers or service, which look at none of this. */
export class Exchange {
  readonly #answer: ServerResponse | GrpcCall;
  readonly #left = new AbortController();
  #retryLater = false;

  /** `leaves`: the event that tells that the client has left; `hasLeft`: it did so before. */
  private constructor(
    answer: ServerResponse | GrpcCall,
    leaves: 'close' | 'cancelled',
    hasLeft: boolean,
  ) {
    this.#answer = answer;
    const leave = (): void => this.#left.abort();
    if (hasLeft) leave();
    else answer.once(leaves, leave);
  }

  static http(response: ServerResponse): Exchange {
    return new Exchange(response, 'close', response.closed || response.destroyed);
  }

  static grpc(call: GrpcCall): Exchange {
    return new Exchange(call, 'cancelled', call.cancelled);
  }

  /** Aborts when the client has left, or the answer is complete. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** The answer is to be 503 with Retry-After, over HTTP. */
  retryLater(): void {
    this.#retryLater = true;
  }

  get isRetryLater(): boolean {
    return this.#retryLater;
  }

  /** Resolves when the client has taken what was written, or has left. */
  async drained(): Promise<void> {
    while (this.#answer.writableNeedDrain && !this.#left.signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#answer.off('drain', done);
          this.#left.signal.removeEventListener('abort', done);
          resolve();
        };
        this.#answer.once('drain', done);
        this.#left.signal.addEventListener('abort', done, { once: true });
      });
    }
  }
}

const exchanges = new AsyncLocalStorage<Exchange>();

/** The exchange that is being handled, if `backend.express()` or `backend.grpc()` is in use. */
export function currentExchange(): Exchange | undefined {
  return exchanges.getStore();
}

/** Does `work` as part of `exchange`. */
export function insideExchange<T>(exchange: Exchange, work: () => T): T {
  return exchanges.run(exchange, work);
}

/** Does `work` as nobody's request: what it starts must not depend on the client that is here now. */
export function outsideExchange<T>(work: () => T): T {
  return exchanges.exit(work);
}
