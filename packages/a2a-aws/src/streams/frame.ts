import type { StreamResponse } from '@a2a-js/sdk';
import type { StreamPosition } from './stream-position.ts';

/** One message of a stream, with the position of a client that has got it. */
export interface Frame {
  readonly response: StreamResponse;
  readonly position: StreamPosition;
  /** The generation of the frame's event, or of the Task; `undefined` for a Message. */
  readonly generation: number | undefined;
}
