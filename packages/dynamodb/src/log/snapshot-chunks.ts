import { BackendError, type Compression } from '@a2a-aws/core';
import { MAX_SNAPSHOT_BYTES } from '@a2a-aws/core/internal';

/** Bytes of a chunk: an item may have 400 KB. */
const CHUNK_BYTES = 300 * 1024;
/** The most chunks that a snapshot can have: deflating makes no text longer by a whole chunk. */
export const MAX_CHUNKS: number = Math.ceil(MAX_SNAPSHOT_BYTES / CHUNK_BYTES) + 1;

/**
 * Returns a snapshot's text, deflated, in pieces that fit into items. Rejects with `event-too-large`
 * above {@link MAX_SNAPSHOT_BYTES}.
 */
export async function toChunks(text: string, compression: Compression): Promise<Uint8Array[]> {
  const plain = Buffer.from(text);
  if (plain.length > MAX_SNAPSHOT_BYTES) {
    throw new BackendError('event-too-large', 'A snapshot is larger than the log takes.');
  }
  // Off the main thread: tens of megabytes take about a second, which would delay lease renewals.
  const bytes = await compression.deflate(plain);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}

/**
 * Returns the text, in UTF-8, from the chunks of {@link toChunks} in their order. Rejects with
 * `corrupt-log` if they cannot be inflated, or hold more than the limit.
 */
export async function fromChunks(
  chunks: readonly Uint8Array[],
  compression: Compression,
): Promise<Uint8Array> {
  try {
    return await compression.inflate(Buffer.concat(chunks), MAX_SNAPSHOT_BYTES);
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot cannot be inflated.', { cause });
  }
}
