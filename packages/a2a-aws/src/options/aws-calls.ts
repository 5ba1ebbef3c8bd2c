import { setMaxListeners } from 'node:events';

/** The part of an AWS SDK client that {@link AwsCalls} uses. */
interface Sender {
  send(command: unknown, options?: { readonly abortSignal?: AbortSignal | undefined }): unknown;
  destroy?(): void;
}

/**
 * The calls of a backend to AWS. A stop abandons calls that are not answered in time. Neither they nor
 * their retries may keep the process alive.
 */
export class AwsCalls {
  readonly #owned: Sender[] = [];
  /** Aborts the calls in progress. One for all of them: one for each costs CPU time. */
  #ending = newEnding();
  #isOver = false;

  /** The same client, whose calls are among these; only `send` differs. `owned`: to be destroyed here. */
  through<Client extends object>(client: Client, owned: boolean): Client {
    const sender = client as unknown as Sender;
    if (typeof sender.send !== 'function') return client;
    if (owned) this.#owned.push(sender);
    const send: Sender['send'] = (command, options) => this.#send(sender, command, options);
    return Object.create(client, { send: { value: send } }) as Client;
  }

  /** Aborts the calls in progress, which reject with an `AbortError`. */
  abort(): void {
    const ending = this.#ending;
    this.#ending = newEnding();
    ending.abort();
  }

  /** Aborts the calls in progress, refuses new ones, and destroys the owned clients. */
  close(): void {
    this.#isOver = true;
    this.abort();
    for (const client of this.#owned.splice(0)) client.destroy?.();
  }

  #send(sender: Sender, command: unknown, options: Parameters<Sender['send']>[1]): unknown {
    // The SDK would otherwise retry aborted calls.
    if (this.#isOver) return Promise.reject(abortError());
    const { signal } = this.#ending;
    const given = options?.abortSignal;
    if (!given) return sender.send(command, { ...options, abortSignal: signal });
    const { either, release } = eitherSignal(signal, given);
    const answer = sender.send(command, { ...options, abortSignal: either });
    if (answer instanceof Promise) answer.then(release, release);
    else release();
    return answer;
  }
}

function newEnding(): AbortController {
  const ending = new AbortController();
  // Each call in progress listens.
  setMaxListeners(0, ending.signal);
  return ending;
}

/** Returns a signal that aborts with either of two, until it is released. */
function eitherSignal(...signals: readonly AbortSignal[]): {
  readonly either: AbortSignal;
  readonly release: () => void;
} {
  const call = new AbortController();
  const abort = (): void => call.abort();
  for (const signal of signals) {
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  }
  const release = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', abort);
  };
  return { either: call.signal, release };
}

/** Runs `work`, then closes its calls. */
export async function withCalls<T>(work: (calls: AwsCalls) => Promise<T>): Promise<T> {
  const calls = new AwsCalls();
  try {
    return await work(calls);
  } finally {
    calls.close();
  }
}

/** Returns the error that the AWS SDK has for an aborted call. */
function abortError(): Error {
  const error = new Error('The backend was stopped.');
  error.name = 'AbortError';
  return error;
}
