import type { ServerResponse } from 'node:http';
import type { Exchange } from './exchange.ts';

/** What express adds to a response, and the SDK's routers answer with. */
type Answer = ServerResponse & { json?: (body: unknown) => unknown };

/**
 * Has the body of a 503 name that status, too: the SDK's REST router has no name for it. Bodies of
 * JSON-RPC have no status in them.
 */
export function nameUnavailable(response: Answer, exchange: Exchange): void {
  const json = response.json?.bind(response);
  if (!json) return;
  response.json = (body) => json(exchange.isRetryLater ? unavailable(body) : body);
}

function unavailable(body: unknown): unknown {
  const { error } = isObject(body) ? (body as { readonly error?: unknown }) : {};
  if (!isObject(error) || !('status' in error)) return body;
  return { error: { ...error, code: 503, status: 'UNAVAILABLE' } };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
