import { BackendError, type BackendErrorCode, type Logger } from '@a2a-aws/core';
import { errorFields, TRANSIENT_CODES } from '@a2a-aws/core/internal';
import { A2AError, RequestMalformedError } from '@a2a-js/sdk/errors';
import type { Connection } from '../connections/connection.ts';
import { OverloadedError } from '../overload/overloaded-error.ts';
import { UserCodeError } from '../user-code/guarded.ts';
import type { UserErrors } from '../user-code/user-error-reports.ts';
import type { FailedRequest } from './failed-request.ts';

/** Codes of errors that a retry, here or on another instance, may avoid. */
const RETRYABLE: ReadonlySet<BackendErrorCode> = new Set([
  ...TRANSIENT_CODES,
  'not-started',
  'draining',
  'fenced',
  'backlog-full',
  'overloaded',
  'diverged',
]);

/**
 * Asks the client to retry. The SDK takes the status from an error of its own transport; an error of
 * another transport is any A2A error.
 */
class RetryableError extends A2AError {
  readonly transport: Connection['transport'];
  /** gRPC's UNAVAILABLE. */
  readonly status: number = 14;
  /** HTTP's. */
  readonly statusCode: number = 503;

  constructor(transport: Connection['transport']) {
    super('The server cannot take the request now. Try again.');
    this.transport = transport;
  }
}

export interface ClientErrorDeps {
  readonly logger: Logger;
  readonly errors: UserErrors;
  readonly request: FailedRequest;
}

/**
 * Returns a client's view of an error: A2A errors as they are, all others as an A2A error with a fixed
 * text. Errors that a retry may avoid become HTTP 503 with Retry-After, or gRPC UNAVAILABLE.
 */
export function clientError(
  error: unknown,
  connection: Connection | undefined,
  { logger, errors, request }: ClientErrorDeps,
): A2AError {
  if (error instanceof A2AError) return error;
  if (error instanceof BackendError) {
    if (error.code === 'invalid-key' || error.code === 'invalid-event') {
      return new RequestMalformedError('The request holds an id or a value that cannot be stored.');
    }
    if (error.code === 'event-too-large') {
      return new RequestMalformedError('The message is too large.');
    }
    if (RETRYABLE.has(error.code)) {
      const isOverload = error instanceof OverloadedError;
      // The gate logs each overload once, however many requests it refuses.
      if (!isOverload)
        logger.warn('request.refused', { ...request.fields(), ...errorFields(error) });
      connection?.retryLater(isOverload ? error.retryAfterSeconds : undefined);
      return new RetryableError(connection?.transport ?? 'grpc');
    }
  }
  if (error instanceof UserCodeError) {
    const { source, thrown } = error;
    const { method, taskId } = request;
    errors.report('request.failed', thrown, { source, method, taskId, scope: request.scope() });
  } else logger.error('request.failed', { ...request.fields(), ...errorFields(error) });
  return new A2AError('The server failed to handle the request.');
}
