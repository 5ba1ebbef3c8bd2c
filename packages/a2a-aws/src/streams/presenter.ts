import type { TaskKey } from '@a2a-aws/core';
import type { StreamResponse } from '@a2a-js/sdk';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { Connection } from '../connections/connection.ts';
import { Cursors } from './cursor.ts';
import { CURSOR_KEY, GENERATION_KEY, RESUMABLE_STREAMS } from './extension.ts';
import type { Frame } from './frame.ts';
import type { StreamPosition } from './stream-position.ts';

/** Gives each frame of a stream its cursor: in the `id:` of SSE, and in metadata for the extension. */
export class Presenter {
  readonly #cursors: Cursors;
  readonly #connection: Connection | undefined;
  readonly #isActive: boolean;
  readonly #hasField: boolean;
  #hasPresented = false;

  constructor(key: TaskKey, context: ServerCallContext, connection: Connection | undefined) {
    this.#cursors = new Cursors(key);
    this.#connection = connection;
    this.#isActive = isActive(context);
    this.#hasField = wantsGeneration(context, connection);
  }

  /** Returns the position of a cursor. Throws an A2A error for a text that is no cursor of this task. */
  position(cursor: string): StreamPosition {
    return this.#cursors.decode(cursor);
  }

  cursor(position: StreamPosition): string {
    return this.#cursors.encode(position);
  }

  /** True if the stream has a frame. */
  get hasPresented(): boolean {
    return this.#hasPresented;
  }

  /** Yields the frames as the client gets them, each when it is asked for. */
  *present(frames: Iterable<Frame>): Generator<StreamResponse, void, undefined> {
    for (const frame of frames) {
      this.#hasPresented = true;
      yield this.#presented(frame);
    }
  }

  #presented({ response, position, generation }: Frame): StreamResponse {
    if (!this.#connection && !this.#isActive) return response;
    const cursor = this.#cursors.encode(position);
    this.#connection?.stamp({ cursor, generation, hasField: this.#hasField });
    const { payload } = response;
    if (this.#isActive && payload) {
      const known = generation === undefined ? {} : { [GENERATION_KEY]: generation };
      payload.value.metadata = { ...payload.value.metadata, [CURSOR_KEY]: cursor, ...known };
    }
    return response;
  }
}

/** Returns true if the client has asked for the extension. */
export function isActive({ requestedExtensions }: ServerCallContext): boolean {
  return requestedExtensions?.includes(RESUMABLE_STREAMS) === true;
}

/** Returns true if the client has asked for the extension, or speaks A2A 1.1. */
export function wantsGeneration(
  context: ServerCallContext,
  connection: Connection | undefined,
): boolean {
  return connection?.isNewer === true || isActive(context);
}

/** Tells the client, in the header of the answer, that the extension is active if it asked for it. */
export function activate(context: ServerCallContext): void {
  if (isActive(context)) context.addActivatedExtension(RESUMABLE_STREAMS);
}
