import type { Entropy } from '@a2a-aws/core';

/** Numbers that follow from a seed. Source: Tommy Ettinger, "mulberry32" (public domain). */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // Spread, so that neighbouring seeds begin far from each other.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True in so many of a hundred cases. */
  percent(share: number): boolean {
    return this.next() * 100 < share;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.whole(0, choices.length - 1)] as T;
  }

  /** Another sequence that follows from this one, so that using it leaves this one as it was. */
  fork(): SeededRandom {
    return new SeededRandom(this.whole(0, 2 ** 32 - 1));
  }
}

/** Ids that count up under a name, and numbers that follow from a seed. */
export function seededEntropy(name: string, seed = 1): Entropy {
  const random = new SeededRandom(seed);
  let count = 0;
  return { id: () => `${name}-${count++}`, random: () => random.next() };
}
