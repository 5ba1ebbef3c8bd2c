import { ConnectionLost } from '@a2a-aws/testkit/fakes';
import { Message, type StreamResponse } from '@a2a-js/sdk';
import {
  A2AError,
  RequestMalformedError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';

/** Returns whether a server refuses the request, whichever is asked. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof UnsupportedOperationError ||
    error instanceof TaskNotFoundError ||
    error instanceof RequestMalformedError
  );
}

/** Returns whether another server, or the same one later, may succeed. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  return error instanceof A2AError && /Try again/.test(error.message);
}

/** Returns the Message of a frame: alone, or after a Task as the message of a status. */
export function messageOf(
  { payload }: StreamResponse,
  answer: string | undefined,
): Message | undefined {
  if (payload?.$case === 'message') return payload.value;
  const said = payload?.$case === 'statusUpdate' ? payload.value.status?.message : undefined;
  return said && JSON.stringify(Message.toJSON(said)) === answer ? said : undefined;
}
