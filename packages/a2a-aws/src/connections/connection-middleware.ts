import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Entropy } from '@a2a-aws/core';
import { httpConnection } from './connection.ts';
import { nameErrors } from './error-body.ts';
import { addGenerations } from './generation-fields.ts';
import { writeLongAnswers } from './long-answer.ts';
import type { OpenConnections } from './open-connections.ts';
import { sendRetryAfter } from './service-unavailable.ts';

/** Middleware of the shape that express and connect take. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Tells the handler that a client has disconnected or reads too slowly, which the SDK's routers do not
 * report. Lets the handler open a stream before its first event, and answer 503. Mount it before the
 * routers.
 */
export function connectionMiddleware(
  clock: Clock,
  open: OpenConnections,
  entropy: Entropy,
): Middleware {
  return (request, response, next) => {
    const connection = httpConnection(request, response, entropy.id(), clock, open);
    if (connection) {
      sendRetryAfter(response, connection);
      writeLongAnswers(response, clock);
      addGenerations(response, connection);
      nameErrors(response, connection);
    }
    next();
  };
}
