import { isTerminal } from '@a2a-aws/core/internal';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { clusterClient } from '../fixtures/clients.ts';
import { cancel, send } from '../fixtures/requests.ts';

/** One client's view of one task, over all its connections. */
export interface Followed {
  readonly taskId: string;
  /** Its task did not end in time, or no server accepted its message. */
  readonly hung: boolean;
  /** The number of chunks that it ordered. */
  readonly ordered: number;
  /** The highest number of chunks that it saw. */
  readonly seen: number;
  /** The last state that it saw. */
  readonly state: number;
  readonly connections: number;
  /** Everything it saw that a reader must never see. */
  readonly faults: readonly string[];
}

/** After this long without a frame or heartbeat, the server is taken for gone or paused; milliseconds. */
const SILENCE_MS = 2_500;
/** A task that has not ended by then hangs; milliseconds. */
const LIMIT_MS = 90_000;

/**
 * A client that follows one task to its end. It sends its message until a server answers, subscribes
 * elsewhere when its stream is cut or falls silent, and gets the task after a stream ends.
 */
export class ChaosClient {
  readonly #next: () => string;
  readonly #ordered: number;
  readonly #request: ReturnType<typeof send>;
  readonly #faults: string[] = [];
  #taskId = '';
  #chunks = 0;
  #seen = 0;
  #state = 0;
  #connections = 0;
  #hung = false;

  /** `next` names a server to try. */
  constructor(next: () => string, chunks: number, pauseMs: number) {
    this.#next = next;
    this.#ordered = chunks;
    this.#request = send(`${chunks} chunks, ${pauseMs} ms apart`);
  }

  /** The task's id, once it is known. */
  get taskId(): string {
    return this.#taskId;
  }

  /** Follows the task until it ends or hangs. */
  async follow(): Promise<Followed> {
    const end = Date.now() + LIMIT_MS;
    while (!isTerminal(this.#state)) {
      if (Date.now() > end) {
        this.#hung = true;
        break;
      }
      await this.#connect();
    }
    return {
      taskId: this.#taskId,
      hung: this.#hung,
      ordered: this.#ordered,
      seen: this.#seen,
      state: this.#state,
      connections: this.#connections,
      faults: this.#faults,
    };
  }

  /** Follows one connection until it ends or falls silent. */
  async #connect(): Promise<void> {
    const url = this.#next();
    const leave = new AbortController();
    let silent = setTimeout(() => leave.abort(), SILENCE_MS);
    try {
      if (url === '') throw new Error('There is no server.');
      const client = await clusterClient(url);
      this.#connections += 1;
      for await (const { payload } of this.#stream(client, leave.signal)) {
        clearTimeout(silent);
        silent = setTimeout(() => leave.abort(), SILENCE_MS);
        this.#take(payload);
      }
      // The stream ended with its task, or because the server drains.
      if (!isTerminal(this.#state)) await this.#ask(client, leave.signal);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (this.#taskId !== '') await this.#askAnyServer();
    } finally {
      clearTimeout(silent);
    }
  }

  #stream(client: Client, signal: AbortSignal): AsyncIterable<StreamResponse> {
    return this.#taskId === ''
      ? client.sendMessageStream(this.#request, { signal })
      : client.resubscribeTask({ tenant: '', id: this.#taskId }, { signal });
  }

  async #askAnyServer(): Promise<void> {
    try {
      await this.#ask(await clusterClient(this.#next()), AbortSignal.timeout(SILENCE_MS));
    } catch {
      // The next one.
    }
  }

  async #ask(client: Client, signal: AbortSignal): Promise<void> {
    this.#snapshot(await client.getTask({ tenant: '', id: this.#taskId }, { signal }));
  }

  #take(payload: StreamResponse['payload']): void {
    switch (payload?.$case) {
      case 'task':
        this.#snapshot(payload.value);
        break;
      case 'statusUpdate':
        this.#setState(payload.value.status?.state);
        break;
      case 'artifactUpdate':
        this.#append(chunksOf(payload.value.artifact?.parts), payload.value.append);
        break;
    }
  }

  #snapshot(task: Task): void {
    if (this.#taskId !== '' && this.#taskId !== task.id) this.#faults.push('another task');
    this.#taskId = task.id;
    this.#chunks = 0;
    this.#append(chunksOf(task.artifacts[0]?.parts), false);
    if (this.#chunks < this.#seen) this.#faults.push('chunks taken back');
    this.#setState(task.status?.state);
  }

  #append(chunks: readonly number[], append: boolean): void {
    if (!append) this.#chunks = 0;
    for (const chunk of chunks) {
      if (chunk !== this.#chunks) this.#faults.push(`chunk ${chunk} at ${this.#chunks}`);
      this.#chunks = chunk + 1;
    }
    this.#seen = Math.max(this.#seen, this.#chunks);
  }

  #setState(state = 0): void {
    if (isTerminal(this.#state) && state !== this.#state) this.#faults.push('two terminal states');
    this.#state = state;
  }
}

/** Asks one server to cancel a task. The task's own client sees the result. */
export async function cancelTask(url: string, id: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(SILENCE_MS);
    await (await clusterClient(url)).cancelTask(cancel(id), { signal });
  } catch {
    // Refused, or the server is gone.
  }
}

function chunksOf(parts: Task['artifacts'][number]['parts'] = []): number[] {
  return parts.flatMap(({ content }) => (content?.$case === 'text' ? Number(content.value) : []));
}
