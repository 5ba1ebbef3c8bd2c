import type { ServerResponse } from 'node:http';
import { withGeneration } from './generation-fields.ts';

/** The stamp of a written frame. */
export interface FrameStamp {
  /** The cursor of a client that has got the frame. */
  readonly cursor: string;
  /** The generation of the event or Task in the frame; `undefined` for a Message. */
  readonly generation: number | undefined;
  /** True if the client wants A2A 1.1's field `generation` in the frame. */
  readonly hasField: boolean;
}

/**
 * Adds the `id:` line to each frame of an event stream. The SDK's routers write one frame for each event
 * that a handler yields, before they ask for the next one.
 */
export class FrameStamps {
  #pending: FrameStamp | undefined;
  #isLost = false;

  /** The next frame that is written gets this stamp. */
  add(stamp: FrameStamp): void {
    // A wrapper around the handler drops or collects events: an id could belong to another frame.
    if (this.#pending) this.#isLost = true;
    this.#pending = stamp;
  }

  /** Stamps the frames of a response. */
  watch(response: ServerResponse): void {
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    response.write = (...[chunk, ...rest]: unknown[]): boolean =>
      write(this.#stamped(chunk), ...rest);
  }

  #stamped(chunk: unknown): unknown {
    const stamp = this.#pending;
    if (!stamp || typeof chunk !== 'string' || !chunk.startsWith('data: ')) return chunk;
    this.#pending = undefined;
    if (this.#isLost) return chunk;
    const { cursor, generation, hasField } = stamp;
    const frame = hasField && generation ? withGeneration(chunk, generation) : chunk;
    return `id: ${cursor}\n${frame}`;
  }
}
