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
  readonly #underWay = new Set<AbortController>();
  readonly #owned: Sender[] = [];
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
    for (const call of this.#underWay) call.abort();
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
    const call = new AbortController();
    const abort = (): void => call.abort();
    options?.abortSignal?.addEventListener('abort', abort, { once: true });
    if (options?.abortSignal?.aborted) abort();
    const done = (): void => {
      this.#underWay.delete(call);
      options?.abortSignal?.removeEventListener('abort', abort);
    };
    this.#underWay.add(call);
    const answer = sender.send(command, { ...options, abortSignal: call.signal });
    if (answer instanceof Promise) answer.then(done, done);
    else done();
    return answer;
  }
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
