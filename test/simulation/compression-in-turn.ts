import type { Compression } from '@a2a-aws/core';
import { systemCompression } from '@a2a-aws/core/internal';

/**
 * Compresses on this thread. With zlib's threads, the load of the machine would decide the order of
 * events, and a seed would not replay its schedule.
 */
export const compressionInTurn: Compression = {
  ...systemCompression,
  deflate: async (bytes) => systemCompression.deflateSync(bytes),
  inflate: async (bytes, maxBytes) => systemCompression.inflateSync(bytes, maxBytes),
};
