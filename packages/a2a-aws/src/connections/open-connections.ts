import type { Clock } from '@a2a-aws/core';
import { withTimeout } from '@a2a-aws/core/internal';

/** How long answers may take to be read once a backend has stopped, in milliseconds. */
const FLUSH_MS = 2_000;

/** A connection that can be waited for and broken. */
interface Connection {
  /** Aborts when the client has disconnected, or the answer is complete. */
  readonly left: AbortSignal;
  destroy(): void;
}

/** The HTTP connections whose answers a backend's handlers have begun, and which are not over. */
export class OpenConnections {
  readonly #open = new Set<Connection>();

  add(connection: Connection): void {
    const { left } = connection;
    if (left.aborted || this.#open.has(connection)) return;
    this.#open.add(connection);
    left.addEventListener('abort', () => this.#open.delete(connection), { once: true });
  }

  /** Waits a little for clients that read, and breaks the connections of the others. */
  async end(clock: Clock): Promise<void> {
    const open = Array.from(this.#open, ({ left }) => aborted(left));
    await withTimeout(clock, FLUSH_MS, Promise.all(open));
    for (const connection of this.#open) connection.destroy();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
