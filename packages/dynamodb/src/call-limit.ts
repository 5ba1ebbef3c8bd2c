/** Sends a command, as a client of the AWS SDK does. */
export type Send = (
  command: unknown,
  options?: { readonly abortSignal?: AbortSignal | undefined },
) => Promise<unknown>;

interface WaitingCall {
  start(): void;
  fail(error: Error): void;
}

/**
 * Limits the calls of a client that are under way; the other calls wait here. The AWS SDK accepts any
 * number of calls. It signs them all at once, and their time-outs include the wait for a socket. A burst
 * of calls would block the event loop for seconds, and then all of them would fail and be repeated.
 */
export class CallLimit {
  readonly #send: Send;
  readonly #waitMs: number;
  readonly #waiting = new Set<WaitingCall>();
  #places: number;

  /** `waitMs`: the time after which a waiting call fails, in milliseconds. */
  constructor(send: Send, places: number, waitMs: number) {
    this.#send = send;
    this.#places = places;
    this.#waitMs = waitMs;
  }

  /**
   * Sends a command as soon as a place is free, in order of arrival. Rejects as the client does, with a
   * `TimeoutError` if no place became free in time, or with an `AbortError` if the signal aborted before.
   */
  readonly send: Send = async (command, options) => {
    if (this.#places > 0) this.#places -= 1;
    else await this.#place(options?.abortSignal);
    try {
      return await this.#send(command, options);
    } finally {
      this.#release();
    }
  };

  /** Rejects the waiting calls with an `AbortError`. */
  close(): void {
    for (const call of this.#waiting) call.fail(aborted());
  }

  /** Resolves once a call that has ended has passed its place on. */
  #place(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(call);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const call = {
        start: () => {
          leave();
          resolve();
        },
        fail: (error: Error) => {
          leave();
          reject(error);
        },
      };
      const abort = (): void => call.fail(aborted());
      const timer = setTimeout(() => call.fail(timedOut()), this.#waitMs);
      this.#waiting.add(call);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) abort();
    });
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next) next.start();
    else this.#places += 1;
  }
}

function aborted(): Error {
  return Object.assign(new Error('The call was aborted.'), { name: 'AbortError' });
}

function timedOut(): Error {
  return Object.assign(new Error('The call waited too long for other calls.'), {
    name: 'TimeoutError',
  });
}
