/** The longest time of a timer, about 24 days. A longer one ends at once. */
export const MAX_TIMER_MS = 2_147_483_647;

/** The waits between tries, in milliseconds. */
export interface Backoff {
  /** The longest wait after the first failure. It doubles with each failure. @default 250 */
  readonly firstMs?: number | undefined;
  /** The longest wait of all. @default 20,000 */
  readonly maxMs?: number | undefined;
}

/**
 * Returns the wait after the `failures`th failure in a row: any time up to a limit that doubles, so that
 * the clients of a server that was restarted come back one by one.
 *
 * @param random at least 0, less than 1
 */
export function backoffMs(
  failures: number,
  random: number,
  { firstMs = 250, maxMs = 20_000 }: Backoff = {},
): number {
  return random * Math.min(maxMs, firstMs * 2 ** (failures - 1));
}

/** Resolves after `ms` milliseconds, or as soon as the signal aborts. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, signal.aborted ? 0 : Math.min(ms, MAX_TIMER_MS));
    signal.addEventListener('abort', done);
  });
}
