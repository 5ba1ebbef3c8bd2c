import type { StreamResponse } from '@a2a-js/sdk';
import { RESUMABLE_STREAMS } from 'a2a-aws';

const GAP = `${RESUMABLE_STREAMS}/gap`;

/** The generations of the events that a reader does not get, both included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** Returns the gap that a frame names; undefined for a frame of another kind. */
export function gapOf({ payload }: StreamResponse): Gap | undefined {
  if (payload?.$case !== 'statusUpdate') return undefined;
  return payload.value.metadata?.[GAP] as Gap | undefined;
}
