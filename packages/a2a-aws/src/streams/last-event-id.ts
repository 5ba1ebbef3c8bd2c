import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { Connection } from '../connections/connection.ts';

/**
 * Returns the cursor that a client resumes at, from the header `Last-Event-ID` or from `?after=`; `undefined`
 * if it begins a new stream.
 */
export function resumeCursor(
  context: ServerCallContext,
  connection: Connection | undefined,
): string | undefined {
  const headers: unknown = context.state?.get('headers');
  const header: unknown =
    typeof headers === 'object' && headers !== null
      ? Reflect.get(headers, 'last-event-id')
      : undefined;
  // An EventSource that reconnects repeats its first URL, and knows more by then.
  return (typeof header === 'string' && header) || connection?.query('after') || undefined;
}
