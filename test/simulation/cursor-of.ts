import type { StreamResponse } from '@a2a-js/sdk';
import { RESUMABLE_STREAMS } from 'a2a-aws';

const CURSOR = `${RESUMABLE_STREAMS}/cursor`;
const GENERATION = `${RESUMABLE_STREAMS}/generation`;

/** Returns cursors that a server must refuse: of no form, of another task, and after the log's end. */
export function wrongCursors(cursor: string): readonly string[] {
  const [first = '', , ...rest] = cursor.split('.');
  const otherTask = `${first[0]}AAAAAAAA`;
  return [`${cursor}.`, cursor.replace(first, otherTask), [first, 'zzzz', ...rest].join('.')];
}

/** Takes the cursor out of a frame, so that the frame is as it is in the log. */
export function takeCursor({ payload }: StreamResponse): string | undefined {
  const { [CURSOR]: cursor, [GENERATION]: _, ...rest } = payload?.value.metadata ?? {};
  if (typeof cursor !== 'string' || !payload) return undefined;
  payload.value.metadata = Object.keys(rest).length > 0 ? rest : undefined;
  return cursor;
}
