import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@a2a-aws/core';
import { type Connection, httpConnection } from './connection.ts';
import type { OpenConnections } from './open-connections.ts';
import { nameUnavailable } from './unavailable-body.ts';

/** Middleware of the shape that express and connect take. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

const RETRY_AFTER_SECONDS = '1';

/**
 * Lets the handler know what the SDK's routers do not tell it: that a client has left, and that it does
 * not keep up. Lets the handler do what they do not do for it: open a stream before its first event, and
 * answer 503. Mount it before them.
 */
export function connectionMiddleware(clock: Clock, open: OpenConnections): Middleware {
  return (request, response, next) => {
    const connection = httpConnection(request, response, clock, open);
    if (connection) {
      sendRetryAfter(response, connection);
      nameUnavailable(response, connection);
    }
    next();
  };
}

function sendRetryAfter(response: ServerResponse, connection: Connection): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    if (!connection.isRetryLater) return writeHead(...args);
    response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    return writeHead(503, ...args.slice(1));
  };
}
