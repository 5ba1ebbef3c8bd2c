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
  /** How long chunks that came live were under way, in milliseconds. */
  readonly delays: number[] = [];
  /** Resolves when the stream has ended, or was cut off. */
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

  /** The name of the last state seen, `COMPLETED` for one. */
  get state(): string {
    return this.#state;
  }

  /** The text of the last status. */
  get said(): string {
    return this.#said;
  }

  /** How many chunks the agent itself says it has sent; undefined as long as it has not. */
  get sent(): number | undefined {
    return this.#sent;
  }

  /** How many of the chunks came with the first frame. */
  get inSnapshot(): number {
    return this.#inSnapshot;
  }

  /** The connection broke before the stream's end. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Waits until `count` chunks are there. Fails if the stream ends before, or after `limitMs`. */
  async hasChunks(count: number, limitMs: number): Promise<void> {
    await inTime(
      limitMs,
      `chunk ${count}`,
      this.#until(() => this.chunks.length >= count),
    );
  }

  /** Waits for the first frame: the server has subscribed this client. */
  async isOpen(limitMs: number): Promise<void> {
    await inTime(
      limitMs,
      'the first event',
      this.#until(() => this.#taskId !== ''),
    );
  }

  /** Waits for the stream's end. */
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
        // A later Task tells again what is known.
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

/** The numbers of the chunks in an artifact. */
export function chunksOf(artifact: Artifact | undefined): number[] {
  return (artifact?.parts ?? []).flatMap(({ content }) => {
    const found = content?.$case === 'text' && /^chunk (\d+)$/.exec(content.value);
    return found ? Number(found[1]) : [];
  });
}

/** Resolves as `work` does. Rejects after `limitMs`, and names what did not come. */
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
