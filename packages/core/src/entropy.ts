import { randomBytes } from 'node:crypto';

/** Ids and randomness, injected so that a failing schedule can be replayed from its seed. */
export interface Entropy {
  /** A fresh id of 16 characters out of `[A-Za-z0-9_-]`: 96 random bits, never given twice. */
  id(): string;
  /** A number in [0, 1). */
  random(): number;
}

/** The randomness of this machine. */
export const systemEntropy: Entropy = {
  id: () => randomBytes(12).toString('base64url'),
  random: Math.random,
};
