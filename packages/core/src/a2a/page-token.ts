import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { z } from 'zod';

/** Where a page of a list ended: the last task's status timestamp and id. */
export interface PageCursor {
  readonly timestamp: string;
  readonly taskId: string;
}

const token = z.tuple([z.literal(1), z.string(), z.string()]);

export function encodePageToken(cursor: PageCursor): string {
  return Buffer.from(JSON.stringify([1, cursor.timestamp, cursor.taskId])).toString('base64url');
}

/** Throws RequestMalformedError for what {@link encodePageToken} did not make. */
export function decodePageToken(text: string): PageCursor {
  try {
    const [, timestamp, taskId] = token.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return { timestamp, taskId };
  } catch {
    throw new RequestMalformedError('The page token is malformed.');
  }
}
