import { createHash, randomUUID } from 'node:crypto';

/** Ids and randomness, injected so that a failing schedule can be replayed from its seed. */
export interface Entropy {
  /** Returns a new, unique id: a UUID, because clients see some of them. */
  id(): string;
  /** Returns a number in [0, 1). */
  random(): number;
}

/** The randomness of this machine. */
export const systemEntropy: Entropy = {
  id: () => randomUUID(),
  random: Math.random,
};

/** Characters of a {@link shortId}: 82 bits. */
const SHORT_LENGTH = 16;

/**
 * Returns `id` itself if it has at most 16 characters, else a hash of 16 characters out of
 * `[a-z0-9]`. For names with a limited length.
 */
export function shortId(id: string): string {
  if (id.length <= SHORT_LENGTH) return id;
  const hash = createHash('sha256').update(id).digest('hex');
  return BigInt(`0x${hash}`).toString(36).slice(-SHORT_LENGTH);
}

/** Returns a UUID of version 8 (RFC 9562) that is always the same for the same text. */
export function derivedUuid(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
