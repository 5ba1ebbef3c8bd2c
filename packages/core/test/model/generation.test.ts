import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Generation } from '../../src/model/generation.ts';
import { asGeneration, generationAfter, generationBefore } from '../../src/model/generation.ts';
import type { Slot } from '../../src/model/slot.ts';

describe('generations', () => {
  test('[I1] have no gaps', () => {
    expect(generationAfter(asGeneration(1))).toBe(2);
    expect(generationAfter(asGeneration(1), 3)).toBe(4);
    expect(generationBefore(asGeneration(1))).toBe(0);
  });

  test('are numbers for a reader, and no number is one unasked', () => {
    expectTypeOf<Generation>().toExtend<number>();
    expectTypeOf<number>().not.toExtend<Generation>();
    expectTypeOf<Slot['part']>().not.toExtend<Generation>();
  });
});
