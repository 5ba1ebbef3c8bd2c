import type { Backoff } from './backoff.ts';
import type { CursorStore } from './stores/cursor-store.ts';

/** An interruption from which the client is about to recover. */
export interface Interruption {
  readonly error: unknown;
  /** Empty if no event has told the task. */
  readonly taskId: string;
  /** The failures in a row without an event. */
  readonly failures: number;
  /** The wait before the next try, in milliseconds. */
  readonly delayMs: number;
}

export interface ResumableOptions {
  /** Keeps positions, so that a stream continues after a restart of this process. @default none */
  readonly store?: CursorStore | undefined;
  /**
   * The agent's name in the store, for example its URL. A store needs it if it serves several agents.
   * @default none
   */
  readonly agent?: string | undefined;
  /** The failures in a row, without any event, after which a stream fails. @default 12, about a minute */
  readonly maxAttempts?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /**
   * A stream without an event for so long is resumed on another connection, because the present one may
   * be dead without a sign; in milliseconds. 0, `Infinity` and times above 24 days mean never. It is no failure. It needs
   * a server with cursors.
   * @default 120,000
   */
  readonly silenceMs?: number | undefined;
  /** Called before each new try. @default none */
  readonly onInterruption?: ((interruption: Interruption) => void) | undefined;
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts. @default a timer */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Returns a number from 0 to 1, for the waits. @default `Math.random` */
  readonly random?: (() => number) | undefined;
}
