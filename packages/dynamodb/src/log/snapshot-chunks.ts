import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { BackendError } from '@a2a-aws/core';

/** Bytes of a chunk: an item may have 400 KB. */
const CHUNK_BYTES = 300 * 1024;

// Not in this thread: of tens of megabytes it takes a second, and leases are to be kept meanwhile.
const deflate = promisify<Buffer, Buffer>(deflateRaw);
const inflate = promisify<Buffer, Buffer>(inflateRaw);

/** A snapshot's text, deflated, in pieces that fit into items. */
export async function toChunks(text: string): Promise<Uint8Array[]> {
  const bytes = await deflate(Buffer.from(text));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  }
  return chunks;
}

/** Reads what {@link toChunks} made, in order. Fails with `corrupt-log` if it is not that. */
export async function fromChunks(chunks: readonly Uint8Array[]): Promise<string> {
  try {
    return (await inflate(Buffer.concat(chunks))).toString();
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot cannot be inflated.', { cause });
  }
}
