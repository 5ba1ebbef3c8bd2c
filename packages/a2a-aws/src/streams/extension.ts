/**
 * The A2A extension of streams that clients can resume, as docs/resumable-streams.md specifies it.
 *
 * @example
 * ```ts
 * import { RESUMABLE_STREAMS } from 'a2a-aws';
 *
 * const headers = { 'A2A-Extensions': RESUMABLE_STREAMS };
 * ```
 */
export const RESUMABLE_STREAMS: string =
  'https://github.com/a2a-aws/a2a-aws/extensions/resumable-streams/v1';

/** The keys of the extension in an event's metadata. */
export const CURSOR_KEY: string = `${RESUMABLE_STREAMS}/cursor`;
export const GENERATION_KEY: string = `${RESUMABLE_STREAMS}/generation`;
export const GAP_KEY: string = `${RESUMABLE_STREAMS}/gap`;

type Metadata = Record<string, unknown> | undefined;

/**
 * Returns an agent's metadata without the keys of the extension: an agent that forwards the events of
 * another server would else tell its clients that server's cursors and gaps.
 */
export function withoutKeys(metadata: Metadata): Metadata {
  if (!metadata) return metadata;
  const { [CURSOR_KEY]: _, [GENERATION_KEY]: __, [GAP_KEY]: ___, ...others } = metadata;
  const count = Object.keys(others).length;
  if (count === Object.keys(metadata).length) return metadata;
  return count > 0 ? others : undefined;
}
