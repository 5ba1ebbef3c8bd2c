import type { Entropy } from './ports/entropy.ts';

/** Milliseconds to wait after the nth failure in a row: doubling from 25 to 1,000, with jitter. */
export function backoff(failures: number, entropy: Entropy): number {
  const ceiling = Math.min(1_000, 25 * 2 ** Math.min(failures, 10));
  return ceiling / 2 + (entropy.random() * ceiling) / 2;
}
