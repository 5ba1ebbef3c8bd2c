/**
 * The machine-readable code of a failure. Error messages are fixed sentences that never contain
 * text from outside; `cause` holds the cause, if any.
 *
 * - `configuration`: an option is missing or malformed
 * - `table-not-found`, `table-mismatch`: the table does not exist; it has wrong keys or lacks an
 *   index
 * - `topic-not-found`, `topic-mismatch`: the topic does not exist; it is not a standard topic
 * - `access-denied`: the credentials are wrong, or lack a permission
 * - `credentials-missing`: there are no credentials now, or they have expired; try again
 * - `throttled`: the service refused the call because there were too many; try again
 * - `unreachable`: the service did not answer, or is failing; try again
 * - `topic-full`: the topic has no room for another subscription; try again
 * - `name-taken`: a queue or subscription of this name has other attributes, or was just deleted
 * - `not-started`, `draining`: this instance takes no work yet, or no more
 * - `sealed`: the task has ended
 * - `fenced`: this instance was declared dead
 * - `task-running`: the task cannot be deleted while an instance works on it
 * - `backlog-full`: more is waiting to be written than the limit allows
 * - `overloaded`: this instance has more work than it can handle, so it starts no new run
 * - `event-too-large`: one entry is larger than 4 MB
 * - `invalid-event`: the value would be read back differently
 * - `unknown-event`: the enqueued value is of no kind of event that this release knows
 * - `invalid-key`: an id is empty, too long, or not well-formed
 * - `queue-shut-down`, `no-task-queue`, `task-queue-exists`: see the classes of these names
 * - `queue-misuse`: an event was enqueued on a tap, or more was acknowledged than dequeued
 * - `agent-error`: the producer of a queue enqueued an error, which its readers receive
 * - `expired`: the requested events are older than those that are kept
 * - `diverged`: a message brought a record that is not in the log; read it again
 * - `corrupt-log`: the stored data cannot be read as a log
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
  | 'overloaded'
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

/** The known facts about a failed call of a service. Each is validated; none is free text. */
export interface CallDetails {
  /** The operation, like `PutItem`. */
  readonly operation?: string | undefined;
  /**
   * The name or code of the error that the client threw, like `ThrottlingException` or
   * `ECONNREFUSED`.
   */
  readonly cause?: string | undefined;
  readonly requestId?: string | undefined;
  /** The number of tries that the client made. */
  readonly attempts?: number | undefined;
  /** The action and the resource that the service named when it denied the call. */
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
}

export interface BackendErrorOptions {
  readonly cause?: unknown;
  readonly details?: CallDetails | undefined;
}

/** The only error class of this project's packages; each subclass stands for one of its codes. */
export class BackendError extends Error {
  readonly code: BackendErrorCode;
  /** Set if an AWS call failed. */
  readonly details: CallDetails | undefined;

  constructor(code: BackendErrorCode, message: string, options?: BackendErrorOptions) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'BackendError';
    this.code = code;
    this.details = options?.details;
  }
}

/** Codes of transient failures: the same call may succeed later. */
export const TRANSIENT_CODES = ['unreachable', 'throttled', 'credentials-missing'] as const;

/** Returns true for a transient failure: the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof BackendError && (TRANSIENT_CODES as readonly string[]).includes(error.code)
  );
}

/**
 * Returns the code of a {@link BackendError}, otherwise `unexpected`. For log lines see
 * `errorFields`.
 */
export function errorCode(error: unknown): string {
  return error instanceof BackendError ? error.code : 'unexpected';
}

/** Returns the error of an instance that was declared dead and may not append any more. */
export function fencedError(): BackendError {
  return new BackendError('fenced', 'This instance was declared dead.');
}
