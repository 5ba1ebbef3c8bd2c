/**
 * The client has given up: so many tries in a row brought no event. `cause` is the error of the last try.
 * The caller may call again with the same request, and continues where a `store` knows the position. A
 * message needs an id for this: each call gives a message without one another id.
 */
export class ResumeError extends Error {
  override readonly name = 'ResumeError';
  /** `undefined` if no event has told the task. */
  readonly taskId: string | undefined;
  /** The cursor of the last event; `undefined` if the server has given none. */
  readonly cursor: string | undefined;
  /** The tries without an event, one after the other. */
  readonly attempts: number;

  constructor(taskId: string, cursor: string, attempts: number, cause: unknown) {
    super(`No event came in ${attempts} tries: ${cause}`, { cause });
    this.taskId = taskId || undefined;
    this.cursor = cursor || undefined;
    this.attempts = attempts;
  }
}
