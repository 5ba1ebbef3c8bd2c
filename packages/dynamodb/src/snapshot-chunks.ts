import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { BackendError } from '@a2a-aws/core';

/** Bytes of a chunk: an item may have 400 KB. */
const CHUNK_BYTES = 300 * 1024;

/** A snapshot's text, deflated, in pieces that fit into items. */
export function toChunks(text: string): Uint8Array[] {
  const bytes = deflateRawSync(Buffer.from(text));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}

/** Reads what {@link toChunks} made, in order. Throws `corrupt-log` if it is not that. */
export function fromChunks(chunks: readonly Uint8Array[]): string {
  try {
    return inflateRawSync(Buffer.concat(chunks)).toString();
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot cannot be inflated.', { cause });
  }
}
