import type { StreamResponse } from '@a2a-js/sdk';
import { chunkText } from '../agent/payload.ts';
import { monotonicMs } from '../monotonic-time.ts';

/** The output of a tap. */
export interface Tapped {
  readonly chunks: number;
  /** The time at which the last chunk arrived, in monotonic milliseconds. */
  readonly lastChunkAt: number;
}

/** A subscriber that reads one task to its end. */
export class Subscription {
  readonly ended: Promise<Tapped>;

  private constructor(stream: AsyncIterable<StreamResponse>, onChunk: (text: string) => void) {
    this.ended = readChunks(stream, onChunk);
    // A stop interrupts a stream whose end no figure awaits.
    this.ended.catch(() => {});
  }

  /** Resolves when the tap is open. */
  static async open(
    stream: AsyncGenerator<StreamResponse, void, undefined>,
    onChunk: (text: string) => void,
  ): Promise<Subscription> {
    // The first event is the present task; all later ones come from the tap.
    await stream.next();
    return new Subscription(stream, onChunk);
  }
}

async function readChunks(
  stream: AsyncIterable<StreamResponse>,
  onChunk: (text: string) => void,
): Promise<Tapped> {
  let chunks = 0;
  let lastChunkAt = 0;
  for await (const { payload } of stream) {
    const text = payload?.$case === 'artifactUpdate' ? chunkText(payload.value) : undefined;
    if (text === undefined) continue;
    chunks += 1;
    lastChunkAt = monotonicMs();
    onChunk(text);
  }
  return { chunks, lastChunkAt };
}
