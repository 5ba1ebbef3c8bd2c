import { promisify } from 'node:util';
import { deflateRaw, inflateRaw, type ZlibOptions } from 'node:zlib';
import { BackendError, MAX_SNAPSHOT_BYTES } from '@a2a-aws/core';

/** Bytes of a chunk: an item may have 400 KB. */
const CHUNK_BYTES = 300 * 1024;
/** The most chunks that a snapshot can have: deflating makes no text longer by a whole chunk. */
export const MAX_CHUNKS: number = Math.ceil(MAX_SNAPSHOT_BYTES / CHUNK_BYTES) + 1;

// Off the main thread: tens of megabytes take about a second, which would delay lease renewals.
const deflate = promisify<Buffer, Buffer>(deflateRaw);
const inflate = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const LIMIT = { maxOutputLength: MAX_SNAPSHOT_BYTES };

/**
 * Returns a snapshot's text, deflated, in pieces that fit into items. Rejects with `event-too-large`
 * above {@link MAX_SNAPSHOT_BYTES}.
 */
export async function toChunks(text: string): Promise<Uint8Array[]> {
  const plain = Buffer.from(text);
  if (plain.length > MAX_SNAPSHOT_BYTES) {
    throw new BackendError('event-too-large', 'A snapshot is larger than the log takes.');
  }
  const bytes = await deflate(plain);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}

/**
 * Reads what {@link toChunks} made, in order: the text in UTF-8. Rejects with `corrupt-log` if it is
 * not that, or too large.
 */
export async function fromChunks(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  try {
    return await inflate(Buffer.concat(chunks), LIMIT);
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot cannot be inflated.', { cause });
  }
}
