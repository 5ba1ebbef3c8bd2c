import { type Compression, systemCompression } from '@a2a-aws/core';

/**
 * Compresses on this thread: the load of the machine would otherwise decide what happens next, and a
 * seed would not replay the same schedule.
 */
export const compressionInTurn: Compression = {
  ...systemCompression,
  deflate: async (bytes) => systemCompression.deflateSync(bytes),
  inflate: async (bytes, maxBytes) => systemCompression.inflateSync(bytes, maxBytes),
};
