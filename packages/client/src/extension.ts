import type { StreamResponse } from '@a2a-js/sdk';

/** The extension that gives each event a cursor, as docs/resumable-streams.md specifies it. */
export const RESUMABLE_STREAMS: string =
  'https://github.com/a2a-aws/a2a-aws/extensions/resumable-streams/v1';

/** The generations of the events that a client has missed, both included; `undefined` if not known. */
export interface Gap {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/**
 * Returns the events that the client has missed before this one; `undefined` if it has missed none. The
 * event is then the whole Task, which takes the place of the missed events.
 *
 * @example
 * ```ts
 * import { gapOf, resumable } from '@a2a-aws/client';
 *
 * declare const client: import('@a2a-js/sdk/client').Client;
 * for await (const event of resumable(client).resubscribeTask({ id: 't1', tenant: '' })) {
 *   const gap = gapOf(event);
 *   if (gap) console.warn('Missed events', gap.from, gap.to);
 * }
 * ```
 */
export function gapOf(event: StreamResponse): Gap | undefined {
  const gap = extensionValue(event, 'gap');
  if (!gap) return undefined;
  const { from, to } = gap as Record<string, unknown>;
  return { from: asCount(from), to: asCount(to) };
}

/** Gives an event the mark that {@link gapOf} reads. */
export function markGap({ payload }: StreamResponse, gap: Partial<Gap>): void {
  if (payload) {
    payload.value.metadata = { ...payload.value.metadata, [`${RESUMABLE_STREAMS}/gap`]: gap };
  }
}

/** Returns the cursor of a client that has received the event; empty if it has none. */
export function cursorOf(event: StreamResponse): string {
  const cursor = extensionValue(event, 'cursor');
  // A cursor goes into a header.
  return typeof cursor === 'string' && /^[\w.~-]{1,128}$/.test(cursor) ? cursor : '';
}

/** Returns the number of the event in its task, 1 for the first; 0 if it has none. */
export function generationOf(event: StreamResponse): number {
  return asCount(extensionValue(event, 'generation')) ?? 0;
}

/** Returns a value that is a positive integer. */
function asCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}

/** Returns the service parameters of a stream that resumes at a cursor; `cursor`: empty if it begins. */
export function streamParameters(
  given: Readonly<Record<string, string>> | undefined,
  cursor: string,
): Record<string, string> {
  const parameters: Record<string, string> = {};
  let extensions = RESUMABLE_STREAMS;
  for (const name in given) {
    if (/^(x-)?a2a-extensions$/i.test(name)) extensions += `,${given[name]}`;
    else parameters[name] = `${given[name]}`;
  }
  parameters['A2A-Extensions'] = extensions;
  if (cursor) parameters['Last-Event-ID'] = cursor;
  return parameters;
}

/** Returns a value of the extension. Metadata comes from a server and may have any shape. */
function extensionValue({ payload }: StreamResponse, name: string): unknown {
  return payload?.value?.metadata?.[`${RESUMABLE_STREAMS}/${name}`];
}
