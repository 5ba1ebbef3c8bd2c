import { promisify } from 'node:util';
import {
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  inflateRawSync,
  type ZlibOptions,
} from 'node:zlib';

/**
 * Raw deflate (RFC 1951), injected so that a failing schedule can be replayed: Node compresses on
 * other threads, which a virtual clock cannot wait for.
 */
export interface Compression {
  deflateSync(bytes: Uint8Array): Uint8Array;
  /** Throws if the bytes are malformed, or would inflate to more than `maxBytes`. */
  inflateSync(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Deflates without blocking the event loop, for bytes of any length. */
  deflate(bytes: Uint8Array): Promise<Uint8Array>;
  /** Inflates without blocking the event loop. Rejects where {@link inflateSync} throws. */
  inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}

const deflateOnThread = promisify<Uint8Array, Buffer>(deflateRaw);
const inflateOnThread = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);

/** The compression of Node's zlib. */
export const systemCompression: Compression = {
  deflateSync: (bytes) => deflateRawSync(bytes),
  inflateSync(bytes, maxBytes) {
    // Large enough for most results, so that zlib does not join many small buffers.
    const chunkSize = Math.min(4 * bytes.length + 64, maxBytes);
    return inflateRawSync(bytes, { chunkSize, maxOutputLength: maxBytes });
  },
  deflate: (bytes) => deflateOnThread(bytes),
  inflate: (bytes, maxBytes) => inflateOnThread(bytes, { maxOutputLength: maxBytes }),
};
