import type { Clock, Entropy, LogFields, Logger } from '@a2a-aws/core';

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    if (ms === 0) {
      // No time has to pass, only the turn.
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Milliseconds until the next timer; undefined if none is set. */
  get next(): number | undefined {
    const first = Math.min(...this.#timers.map(({ at }) => at));
    return Number.isFinite(first) ? first - this.#now : undefined;
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms;
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((other) => other !== timer);
      timer.callback();
    }
    await settled();
  }
}

/** Lets everything that waits for no timer run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Always 1 - ε: every delay is its longest. */
export const fixedEntropy: Entropy = { id: () => 'id', random: () => 0.999999 };

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields | undefined;
}

export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (event: string, fields?: LogFields): void => {
      lines.push({ level, event, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What the SDK throws: a named error with the HTTP status of the answer. */
export function awsFault(name: string, status = 400, more: object = {}): Error {
  return Object.assign(new Error('text from AWS'), {
    name,
    $metadata: { httpStatusCode: status },
    ...more,
  });
}

/** A promise and its ends. */
export function gate<T>(): {
  promise: Promise<T>;
  open: (value: T) => void;
  fail: (error: unknown) => void;
} {
  let open: (value: T) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const promise = new Promise<T>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}
