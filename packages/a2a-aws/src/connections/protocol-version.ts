import type { IncomingMessage } from 'node:http';

/** The version of A2A whose fields the backend adds to those of the SDK's routers. */
const NEWER = '1.1';
/** The version that the SDK's routers speak to such a client. */
const SERVED = '1.0';
const VERSION = 'a2a-version';
/** A2A's service parameters that a client may send in the query of a URL. */
const PARAMETERS = { 'A2A-Version': VERSION, 'A2A-Extensions': 'a2a-extensions' } as const;

/** Returns the query of a request's URL. */
export function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at));
}

/**
 * Returns true if the client speaks A2A 1.1. The SDK's routers then see a request of 1.0, and the service
 * parameters of the query as headers: an `EventSource` cannot send headers.
 */
export function takeVersion(request: IncomingMessage): boolean {
  const { headers } = request;
  const query = request.method === 'GET' ? queryOf(request) : new URLSearchParams();
  for (const [name, header] of Object.entries(PARAMETERS)) {
    const value = query.getAll(name).join(',');
    // Others see it as a header, so it must be one.
    if (/^[\x20-\x7e]+$/.test(value)) headers[header] ??= value;
  }
  if (headers[VERSION] !== NEWER) return false;
  headers[VERSION] = SERVED;
  return true;
}
