import { createHash } from 'node:crypto';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import * as z from 'zod';
import type { ListPlace } from './list-place.ts';

/** The only form of tokens that this release writes and reads. */
const TOKEN_VERSION = 1;
const token = z.tuple([z.literal(TOKEN_VERSION), z.number(), z.string(), z.string()]);

/**
 * Where a page ended, as a text to go on from. `list` says which list that is, scope and filters: the
 * token holds a digest of it and fits no other. No secret: whoever makes one up reads a list of their
 * own from another place, nothing else.
 */
export function encodePageToken(place: ListPlace, list: string): string {
  const { latest, taskId } = place;
  const text = JSON.stringify([TOKEN_VERSION, latest, taskId, digest(place, list)]);
  return Buffer.from(text).toString('base64url');
}

/** Throws RequestMalformedError for what {@link encodePageToken} did not make, or not for this list. */
export function decodePageToken(text: string, list: string): ListPlace {
  const place = read(text);
  // Of the many texts that are read alike only one was handed out.
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
