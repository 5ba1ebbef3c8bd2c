/**
 * What went wrong, for programs. Texts are fixed sentences: nothing that came from outside is ever
 * part of them; the cause, if any, is in `cause`.
 *
 * - `configuration`: an option is missing or malformed
 * - `table-not-found`, `table-mismatch`: no such table; wrong keys, or an index is missing
 * - `topic-not-found`, `topic-mismatch`: no such topic; not a standard topic
 * - `access-denied`: the credentials are wrong, or lack a permission
 * - `credentials-missing`: there are no credentials now, or they have expired; try again
 * - `throttled`: the service refused the call because there were too many; try again
 * - `unreachable`: no answer, or the service is failing; try again
 * - `topic-full`: the topic has no room for another subscription; try again
 * - `name-taken`: a queue or subscription of this name is not as it should be, or was just deleted
 * - `not-started`, `draining`: this instance takes no work yet, or no more
 * - `sealed`: the task has ended; `fenced`: this instance was declared dead
 * - `task-running`: the task cannot be deleted while it is being worked on
 * - `backlog-full`: more is waiting to be written than the limit allows
 * - `event-too-large`: one entry is larger than 4 MB
 * - `invalid-event`: what was handed in would not be read back as it was
 * - `unknown-event`: what was enqueued is of no kind of event that this release knows
 * - `invalid-key`: an id is empty, too long, or not well-formed
 * - `queue-shut-down`, `no-task-queue`, `task-queue-exists`: see the classes of these names
 * - `queue-misuse`: a tap takes no events, and no more can be acknowledged than was dequeued
 * - `agent-error`: the producer of a queue enqueued an error, which its readers are told of
 * - `expired`: the events that were asked for are older than what is kept
 * - `diverged`: a message brought what is not in the log; read it again
 * - `corrupt-log`: what is stored cannot be read as a log
 */
export type BackendErrorCode =
  | 'configuration'
  | 'table-not-found'
  | 'table-mismatch'
  | 'topic-not-found'
  | 'topic-mismatch'
  | 'access-denied'
  | 'credentials-missing'
  | 'throttled'
  | 'unreachable'
  | 'topic-full'
  | 'name-taken'
  | 'not-started'
  | 'draining'
  | 'sealed'
  | 'fenced'
  | 'task-running'
  | 'backlog-full'
  | 'event-too-large'
  | 'invalid-event'
  | 'unknown-event'
  | 'invalid-key'
  | 'queue-shut-down'
  | 'no-task-queue'
  | 'task-queue-exists'
  | 'queue-misuse'
  | 'agent-error'
  | 'expired'
  | 'diverged'
  | 'corrupt-log';

/** What is known of a failed call of a service, checked: none of it is free text. */
export interface CallDetails {
  /** The operation, like `PutItem`. */
  readonly operation?: string | undefined;
  /** The name or code of what the client threw, like `ThrottlingException` or `ECONNREFUSED`. */
  readonly cause?: string | undefined;
  readonly requestId?: string | undefined;
  /** Tries that the client made. */
  readonly attempts?: number | undefined;
  /** The action and the resource that the service named when it denied the call. */
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
}

export interface BackendErrorOptions {
  readonly cause?: unknown;
  readonly details?: CallDetails | undefined;
}

/** The one error class of this project's packages; a subclass only names one of its codes. */
export class BackendError extends Error {
  readonly code: BackendErrorCode;
  /** Set where a call of AWS failed. */
  readonly details: CallDetails | undefined;

  constructor(code: BackendErrorCode, message: string, options?: BackendErrorOptions) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'BackendError';
    this.code = code;
    this.details = options?.details;
  }
}

/** Codes of failures that pass: the same call may succeed later. */
export const TRANSIENT_CODES = ['unreachable', 'throttled', 'credentials-missing'] as const;

/** True for a failure that the same call, made again, may not meet. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof BackendError && (TRANSIENT_CODES as readonly string[]).includes(error.code)
  );
}

/** The code of a {@link BackendError}, else `unexpected`; for log lines see `errorFields`. */
export function errorCode(error: unknown): string {
  return error instanceof BackendError ? error.code : 'unexpected';
}

/** The error of an instance whose lease was taken from it: it may not append any more. */
export function fencedError(): BackendError {
  return new BackendError('fenced', 'This instance was declared dead.');
}
