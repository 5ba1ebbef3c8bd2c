import type { PushedEvent } from '@a2a-aws/core/internal';
import type { StreamResponse } from '@a2a-js/sdk';

/** Returns an event in the form in which streams and notifications contain it. It shares the event's data. */
export function streamResponse({ kind, data }: PushedEvent['event']): StreamResponse {
  return { payload: { $case: kind, value: data } } as StreamResponse;
}
