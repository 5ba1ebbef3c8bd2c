import { createHash } from 'node:crypto';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import * as z from 'zod';
import type { ListPlace } from './list-place.ts';

/** The only token version that this release writes and reads. */
const TOKEN_VERSION = 1;
const token = z.tuple([z.literal(TOKEN_VERSION), z.number(), z.string(), z.string()]);

/**
 * Returns a page token: the place where a page ended, as text. `list` identifies the list (scope
 * and filters); the token contains a digest of it and fits no other list. The digest is not a
 * secret: a client that makes up a token only reads its own list from another place.
 */
export function encodePageToken(place: ListPlace, list: string): string {
  const { latest, taskId } = place;
  const text = JSON.stringify([TOKEN_VERSION, latest, taskId, digest(place, list)]);
  return Buffer.from(text).toString('base64url');
}

/**
 * Throws RequestMalformedError if the text was not made by {@link encodePageToken} for this list.
 */
export function decodePageToken(text: string, list: string): ListPlace {
  const place = read(text);
  // Many texts decode to the same place, but only one of them was issued.
  if (!place || encodePageToken(place, list) !== text) {
    throw new RequestMalformedError('The page token is malformed, or of another list.');
  }
  return place;
}

function read(text: string): ListPlace | undefined {
  try {
    const [, latest, taskId] = token.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString('utf8')),
    );
    return { latest, taskId };
  } catch {
    return undefined;
  }
}

function digest({ latest, taskId }: ListPlace, list: string): string {
  const text = JSON.stringify([TOKEN_VERSION, latest, taskId, list]);
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
