import { type Clock, within } from '@a2a-aws/core';

/** How long answers may take to be read once a backend has stopped, in milliseconds. */
const FLUSH_MS = 2_000;

/** A connection that can be waited for and broken. */
interface Connection {
  /** Aborts when the client has disconnected, or the answer is complete. */
  readonly left: AbortSignal;
  destroy(): void;
}

/** The HTTP exchanges whose answers a backend's handlers have begun, and which are not over. */
export class OpenExchanges {
  readonly #open = new Set<Connection>();

  add(exchange: Connection): void {
    const { left } = exchange;
    if (left.aborted || this.#open.has(exchange)) return;
    this.#open.add(exchange);
    left.addEventListener('abort', () => this.#open.delete(exchange), { once: true });
  }

  /** Waits a little for clients that read, and breaks the connections of the others. */
  async end(clock: Clock): Promise<void> {
    const open = Array.from(this.#open, ({ left }) => aborted(left));
    await within(clock, FLUSH_MS, Promise.all(open));
    for (const exchange of this.#open) exchange.destroy();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
