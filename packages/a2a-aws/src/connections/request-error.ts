import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@a2a-aws/core';
import { errorFields, MAX_ENTRY_BYTES } from '@a2a-aws/core/internal';
import {
  A2A_ERROR_CODE,
  A2AError,
  ContentTypeNotSupportedError,
  RequestMalformedError,
  toJsonRpcError,
  toRestErrorBody,
} from '@a2a-js/sdk/errors';

/** A2A's bindings over HTTP, as agent cards name them. */
export type HttpBinding = 'JSONRPC' | 'HTTP+JSON';

/** Error-handling middleware of the shape that express takes. */
export type ErrorMiddleware = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** More bytes than any request has around its message. */
const ENVELOPE_BYTES = 64 * 1024;

/**
 * Options of `express.json` for the SDK's routers: the largest message that a backend takes, of either
 * content type. The limit is in bytes, after decompression.
 */
export const JSON_BODY: { limit: number; type: string[]; strict: boolean } = {
  limit: MAX_ENTRY_BYTES + ENVELOPE_BYTES,
  type: ['application/json', 'application/a2a+json'],
  // Clients of A2A 0.3 send `null` for an empty body.
  strict: false,
};

/** The answer to a request that failed outside the SDK's handlers: an HTTP status and an error. */
interface RequestFailure {
  readonly status: number;
  readonly error: A2AError;
  /** True: the body is no JSON. */
  readonly isUnparsable: boolean;
}

/**
 * Returns a client's view of an error in express or its middleware, in fixed texts. Errors caused by the
 * client have a status from 400 to 499, as in `http-errors`.
 */
function requestFailure(error: unknown): RequestFailure {
  const { status, type } = Object(error) as { status?: unknown; type?: unknown };
  const isUnparsable = type === 'entity.parse.failed';
  const isClients = typeof status === 'number' && status >= 400 && status < 500;
  if (!isClients) {
    const failed = new A2AError('The server failed to handle the request.');
    return { status: 500, error: failed, isUnparsable };
  }
  return { status, error: clientsError(status, isUnparsable), isUnparsable };
}

function clientsError(status: number, isUnparsable: boolean): A2AError {
  if (isUnparsable) return new RequestMalformedError('Invalid JSON payload.');
  switch (status) {
    case 413:
      return new RequestMalformedError('The body of the request is too large.');
    case 415:
      return new ContentTypeNotSupportedError(
        'The encoding or the character set of the body is not supported.',
      );
    default:
      return new RequestMalformedError('The request was refused.');
  }
}

/**
 * Answers failures before or between the SDK's handlers, such as an unreadable body, with an error
 * of the binding. Mount it after the binding's router, on the same path.
 */
export function requestErrors(binding: HttpBinding, logger: Logger): ErrorMiddleware {
  return (thrown, _request, response, next) => {
    // A part of an answer is out: express breaks the connection.
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const failure = requestFailure(thrown);
    if (failure.status === 500) logger.error('request.failed', errorFields(thrown));
    const [status, body] =
      binding === 'JSONRPC'
        ? jsonRpcAnswer(failure)
        : [failure.status, toRestErrorBody(failure.error, failure.status)];
    response.statusCode = status;
    response.setHeader(
      'Content-Type',
      binding === 'JSONRPC' ? 'application/json' : 'application/a2a+json',
    );
    response.end(JSON.stringify(body));
  };
}

/** The SDK's router answers malformed JSON with 200, as JSON-RPC over HTTP does. */
function jsonRpcAnswer({ status, error, isUnparsable }: RequestFailure): [number, object] {
  const told = toJsonRpcError(error);
  const unparsable = { code: A2A_ERROR_CODE.PARSE_ERROR, message: error.message };
  const answer = { jsonrpc: '2.0', id: null, error: isUnparsable ? unparsable : told };
  return [isUnparsable ? 200 : status, answer];
}
