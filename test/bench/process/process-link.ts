import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The methods of a process, called over JSON. */
export type Methods = object;

/** The same methods, called from another process. */
export type Remote<T extends Methods> = {
  readonly [Name in keyof T]: T[Name] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
};

type Message =
  | { readonly call: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly answer: number; readonly value?: unknown; readonly error?: string }
  | { readonly note: number };

/** Answers the parent's calls with `methods`. The process ends when the parent does. */
export function serveParent(methods: Methods): void {
  const table = methods as Record<string, (...args: readonly unknown[]) => unknown>;
  process.on('disconnect', () => process.exit());
  process.on('message', async (message: Message) => {
    if (!('call' in message)) return;
    try {
      const value = await table[message.name]?.(...message.args);
      tellParent({ answer: message.call, value });
    } catch (error) {
      tellParent({ answer: message.call, error: String((error as Error).stack ?? error) });
    }
  });
}

/** Sends a number to the parent without a call. */
export function noteToParent(note: number): void {
  tellParent({ note });
}

function tellParent(message: Message): void {
  process.send?.(message);
}

/** A child process of this benchmark. */
export class ProcessLink<T extends Methods> {
  readonly remote: Remote<T>;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  readonly #noteWaits: { resolve(note: number): void; reject(error: Error): void }[] = [];
  #last = 0;

  /** `module` is resolved relative to this file. */
  constructor(module: string, env: Readonly<Record<string, string>>) {
    this.#child = fork(fileURLToPath(new URL(module, import.meta.url)), {
      env: { ...process.env, ...env },
    });
    this.#child.on('message', (message: Message) => this.#onMessage(message));
    this.#child.once('exit', (code) => {
      const error = `A child process ended with code ${code}.`;
      for (const settle of this.#calls.values()) settle({ error });
      for (const wait of this.#noteWaits.splice(0)) wait.reject(new Error(error));
    });
    this.remote = new Proxy({} as Remote<T>, {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          this.#call(String(name), args),
    });
  }

  /** Resolves with the next number that the child sends with {@link noteToParent}. */
  nextNote(): Promise<number> {
    return new Promise((resolve, reject) => this.#noteWaits.push({ resolve, reject }));
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }

  #call(name: string, args: readonly unknown[]): Promise<unknown> {
    this.#last += 1;
    const call = this.#last;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, ({ value, error }) => {
        this.#calls.delete(call);
        if (error === undefined) resolve(value);
        else reject(new Error(`${name} failed in a child process: ${error}`));
      });
      this.#child.send({ call, name, args } satisfies Message);
    });
  }

  #onMessage(message: Message): void {
    if ('note' in message) this.#noteWaits.shift()?.resolve(message.note);
    else if ('answer' in message) this.#calls.get(message.answer)?.(message);
  }
}
