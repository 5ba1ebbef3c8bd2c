import { setTimeout as sleep } from 'node:timers/promises';
import type { Artifact, StreamResponse, TaskStatus } from '@a2a-js/sdk';
import { stateName } from './agent-client.ts';

/** The metadata of the counting agent's events. */
interface Metadata {
  readonly sent?: number;
  readonly sentAt?: number;
}

/** One client's view of one task of the counting agent, from a stream that it reads to its end. */
export class TaskWatch {
  /** The numbers of the chunks, in the order in which they came. */
  readonly chunks: number[] = [];
  /** The delays of the chunks that arrived live, in milliseconds. */
  readonly delays: number[] = [];
  /** Resolves when the stream has ended or was cut off. */
  readonly ended: Promise<void>;
  #taskId = '';
  #state = 'none';
  #said = '';
  #sent: number | undefined;
  #inSnapshot = 0;
  #isCut = false;
  #wake: (() => void)[] = [];

  constructor(stream: AsyncIterable<StreamResponse>) {
    this.ended = this.#read(stream);
  }

  get taskId(): string {
    return this.#taskId;
  }

  /** The name of the last state that arrived, for example `COMPLETED`. */
  get state(): string {
    return this.#state;
  }

  /** The text of the last status. */
  get said(): string {
    return this.#said;
  }

  /** The number of chunks that the agent has sent, as its last status says; `undefined` before. */
  get sent(): number | undefined {
    return this.#sent;
  }

  /** The number of chunks in the first frame. */
  get inSnapshot(): number {
    return this.#inSnapshot;
  }

  /** True if the connection broke before the end of the stream. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Resolves when `count` chunks have arrived. Rejects if the stream ends before, and after `limitMs`. */
  async hasChunks(count: number, limitMs: number): Promise<void> {
    await inTime(
      limitMs,
      `chunk ${count}`,
      this.#until(() => this.chunks.length >= count),
    );
  }

  /** Resolves with the first frame, when the server has subscribed this client. */
  async isOpen(limitMs: number): Promise<void> {
    await inTime(
      limitMs,
      'the first event',
      this.#until(() => this.#taskId !== ''),
    );
  }

  /** Resolves at the end of the stream. */
  async isOver(limitMs: number): Promise<void> {
    await inTime(limitMs, 'the end of the stream', this.ended);
  }

  async #until(isSo: () => boolean): Promise<void> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (!isSo()) {
      if (over) throw new Error('The stream ended too early.');
      const woken = new Promise<void>((resolve) => this.#wake.push(resolve));
      await Promise.race([woken, this.ended]);
    }
  }

  async #read(stream: AsyncIterable<StreamResponse>): Promise<void> {
    try {
      for await (const { payload } of stream) {
        this.#take(payload);
        for (const wake of this.#wake.splice(0)) wake();
      }
    } catch {
      this.#isCut = true;
    }
  }

  #take(payload: StreamResponse['payload']): void {
    switch (payload?.$case) {
      case 'task':
        this.#takeStatus(payload.value.status);
        // A later Task repeats known chunks.
        if (this.#taskId === '') this.#takeSnapshot(payload.value.artifacts);
        this.#taskId = payload.value.id;
        break;
      case 'statusUpdate':
        this.#takeStatus(payload.value.status);
        this.#takeSent(payload.value.metadata);
        break;
      case 'artifactUpdate':
        this.chunks.push(...chunksOf(payload.value.artifact));
        this.#takeDelay(payload.value.metadata);
        break;
    }
  }

  #takeSnapshot(artifacts: readonly Artifact[]): void {
    this.chunks.push(...artifacts.flatMap(chunksOf));
    this.#inSnapshot = this.chunks.length;
  }

  #takeSent({ sent = this.#sent }: Metadata = {}): void {
    this.#sent = sent;
  }

  #takeDelay({ sentAt }: Metadata = {}): void {
    this.delays.push(Date.now() - Number(sentAt));
  }

  #takeStatus(status: TaskStatus | undefined): void {
    this.#state = stateName(status?.state);
    this.#said = textOf(status);
  }
}

/** Returns the numbers of the chunks in an artifact. */
export function chunksOf(artifact: Artifact | undefined): number[] {
  return (artifact?.parts ?? []).flatMap(({ content }) => {
    const found = content?.$case === 'text' && /^chunk (\d+)$/.exec(content.value);
    return found ? Number(found[1]) : [];
  });
}

/** Settles like `work`. Rejects after `limitMs` with an error that names `what`. */
export async function inTime<T>(limitMs: number, what: string, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`After ${limitMs / 1000} s still waiting for ${what}.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => {});
    timer.abort();
  }
}

function textOf(status: TaskStatus | undefined): string {
  return (status?.message?.parts ?? [])
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join(' ');
}
