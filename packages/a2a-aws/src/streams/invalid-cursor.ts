import { RequestMalformedError } from '@a2a-js/sdk/errors';

/**
 * The reason why a cursor was refused. `future`: the log has no such position, for example because it
 * was restored from a backup.
 */
export type InvalidCursor = 'malformed' | 'other-task' | 'future';

const MESSAGES: Readonly<Record<InvalidCursor, string>> = {
  malformed: 'The cursor is malformed.',
  'other-task': 'The cursor belongs to another task.',
  future: 'The task has no such position.',
};

/** Returns the error for a client that must subscribe without this cursor. */
export function invalidCursor(reason: InvalidCursor): RequestMalformedError {
  return new RequestMalformedError({ message: MESSAGES[reason], metadata: { cursor: reason } });
}
