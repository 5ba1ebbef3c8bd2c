import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';
import { isRecord } from './json-object.ts';
import { MISMATCH_CODE, MISMATCH_REASON } from './task-generation-mismatch.ts';

/** A response with the method that express adds, and that the SDK's routers answer with. */
type Answer = ServerResponse & { json?: (body: unknown) => unknown };

/** An error in a stream, as the SDK's routers write it. */
const ERROR_EVENT = /^event: error\ndata: (\{.*\})\n\n$/;

/**
 * Adds to the bodies of errors, and to the error events of streams, names that the SDK's routers do
 * not have: the status of a 503, and the error of a generation that does not match.
 */
export function nameErrors(response: Answer, connection: Connection): void {
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  response.write = (...[chunk, ...rest]: unknown[]): boolean =>
    write(namedEvent(chunk, connection), ...rest);
  const json = response.json?.bind(response);
  if (!json) return;
  response.json = (body) => {
    // A wrapper around the handler has answered all the same.
    if (!isRecord(body) || !('error' in body)) connection.answerNow();
    return json(named(body, connection));
  };
}

function namedEvent(chunk: unknown, connection: Connection): unknown {
  if (typeof chunk !== 'string' || !chunk.startsWith('event: error')) return chunk;
  const data = ERROR_EVENT.exec(chunk)?.[1];
  if (data === undefined) return chunk;
  return `event: error\ndata: ${JSON.stringify(named(JSON.parse(data), connection))}\n\n`;
}

function named(body: unknown, connection: Connection): unknown {
  if (!isRecord(body)) return body;
  const { error } = body;
  if (!isRecord(error)) return body;
  const isRest = 'status' in error;
  // Errors of JSON-RPC contain no HTTP status.
  if (connection.retryAfterSeconds !== undefined && isRest) {
    return { error: { ...error, code: 503, status: 'UNAVAILABLE' } };
  }
  if (!isMismatch(error)) return body;
  if (isRest) return { error: { ...error, code: 409, status: 'ABORTED' } };
  return { ...body, error: { ...error, code: MISMATCH_CODE } };
}

function isMismatch({ data, details }: Record<string, unknown>): boolean {
  const infos = data ?? details;
  return Array.isArray(infos) && infos.some((info) => info?.reason === MISMATCH_REASON);
}
