import type { LogState } from '../model/state.ts';
import type { Clock } from '../ports/clock.ts';

/** The part of an `AbortSignal` that ends a wait. */
export interface EndSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface UntilOptions {
  /** Ends the wait early. */
  readonly signal: EndSignal;
  /** Ends the wait after this many milliseconds. @default no limit */
  readonly timeoutMs?: number | undefined;
}

/** The log that is waited on. */
interface ListenableLog {
  readonly clock: Clock;
  readonly state: LogState;
  listenEntries(listener: (state: LogState) => void): () => void;
  listenFaults(listener: (fault: unknown) => void): () => void;
}

/** Implements `TaskLog.until`. */
export function until<T>(
  log: ListenableLog,
  pick: (state: LogState) => T | undefined,
  { signal, timeoutMs }: UntilOptions,
): Promise<T | undefined> {
  const found = pick(log.state);
  if (found !== undefined || signal.aborted) return Promise.resolve(found);
  return new Promise((resolve, reject) => {
    const end = (how: () => void): void => {
      for (const stop of stops) stop();
      signal.removeEventListener('abort', ended);
      how();
    };
    const ended = (): void => end(() => resolve(undefined));
    const stops = [
      log.listenEntries((state) => {
        const picked = pick(state);
        if (picked !== undefined) end(() => resolve(picked));
      }),
      log.listenFaults((fault) => end(() => reject(fault))),
    ];
    if (timeoutMs !== undefined) stops.push(log.clock.after(timeoutMs, ended));
    signal.addEventListener('abort', ended, { once: true });
  });
}
