import type { ServerResponse } from 'node:http';
import type { Connection } from './connection.ts';

/** A response with the method that express adds, and that the SDK's routers answer with. */
type Answer = ServerResponse & { json?: (body: unknown) => unknown };

/** An error in a stream, as the SDK's routers write it. */
const ERROR_EVENT = /^event: error\ndata: (\{.*\})\n\n$/;

/**
 * Has the body of a 503, and the error event of a stream, name that status, too: the SDK's REST
 * router has no name for it. Bodies and events of JSON-RPC have no status in them.
 */
export function nameUnavailable(response: Answer, connection: Connection): void {
  const write = response.write.bind(response) as (...args: unknown[]) => boolean;
  response.write = (...[chunk, ...rest]: unknown[]): boolean =>
    write(connection.isRetryLater ? unavailableEvent(chunk) : chunk, ...rest);
  const json = response.json?.bind(response);
  if (!json) return;
  response.json = (body) => json(connection.isRetryLater ? unavailable(body) : body);
}

function unavailableEvent(chunk: unknown): unknown {
  const data = typeof chunk === 'string' ? ERROR_EVENT.exec(chunk)?.[1] : undefined;
  if (data === undefined) return chunk;
  return `event: error\ndata: ${JSON.stringify(unavailable(JSON.parse(data)))}\n\n`;
}

function unavailable(body: unknown): unknown {
  const { error } = isObject(body) ? (body as { readonly error?: unknown }) : {};
  if (!isObject(error) || !('status' in error)) return body;
  return { error: { ...error, code: 503, status: 'UNAVAILABLE' } };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
