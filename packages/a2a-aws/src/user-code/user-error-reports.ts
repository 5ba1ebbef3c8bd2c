import type { LogFields, Logger, Scope } from '@a2a-aws/core';
import { loggedId, ownerHash, thrownFields } from '@a2a-aws/core/internal';

/**
 * Which code of the application failed. `agentCard`: the code that signs the card, or makes the
 * extended one.
 */
export type ErrorSource =
  | 'executor'
  | 'ownerResolver'
  | 'pushSender'
  | 'pushStore'
  | 'agentCard'
  | 'fanout';

/** Where an error of the application's code was caught. */
export interface ErrorContext {
  readonly source: ErrorSource;
  readonly taskId?: string | undefined;
  readonly run?: string | undefined;
  /** The A2A method of the request, like `SendMessage`. */
  readonly method?: string | undefined;
}

/** Takes any value that the application's code threw. Its own errors are logged. */
export type OnError = (error: unknown, context: ErrorContext) => void | Promise<void>;

/** An {@link ErrorContext}, and whose task or request it was. */
export type ReportContext = ErrorContext & { readonly scope?: Scope | undefined };

export interface UserErrorsOptions {
  readonly onError?: OnError | undefined;
  /** True to log messages of errors, which may hold content. */
  readonly logErrorMessages: boolean;
}

/**
 * Where errors of the application's code go: to its hook, else into the log, by name and stack
 * frames. Nothing here throws.
 */
export class UserErrors {
  readonly #options: UserErrorsOptions;
  readonly #logger: Logger;

  constructor(options: UserErrorsOptions, logger: Logger) {
    this.#options = options;
    this.#logger = logger;
  }

  /** Logs `event`, and hands the thrown value to `onError`. Expected errors have the `level` `info`. */
  report(
    event: string,
    thrown: unknown,
    context: ReportContext,
    level: 'error' | 'info' = 'error',
  ): void {
    const { scope, ...about } = context;
    const isTaken = level === 'error' && this.handOver(thrown, about);
    this.#logger[level](event, {
      ...about,
      taskId: about.taskId === undefined ? undefined : loggedId(about.taskId),
      owner: scope && ownerHash(scope),
      ...(isTaken ? {} : this.describe(thrown)),
    });
  }

  /** Returns the log fields of a thrown value. */
  describe(thrown: unknown): LogFields {
    return thrownFields(thrown, this.#options.logErrorMessages);
  }

  /** Calls the hook. False: there is none, or it failed. */
  handOver(thrown: unknown, context: ErrorContext): boolean {
    const { onError } = this.#options;
    if (!onError) return false;
    const failed = (error: unknown): void =>
      this.#logger.error('hook.failed', { source: context.source, ...this.describe(error) });
    try {
      // Also a value that only looks like a promise.
      Promise.resolve(onError(thrown, context)).catch(failed);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }
}
