import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asGeneration } from '../../src/model/generation.ts';
import {
  compareSlots,
  FIRST_SLOT,
  nextSlot,
  parseSlot,
  slotAt,
  slotText,
} from '../../src/model/slot.ts';

const slot = fc.record({
  generation: fc
    .oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1e12 - 1 }))
    .map(asGeneration),
  part: fc.oneof(fc.nat(12), fc.nat(999_999)),
});

describe('slots', () => {
  test('[I1] their texts sort as they do', () => {
    fc.assert(
      fc.property(slot, slot, (a, b) => {
        const [x, y] = [slotText(a), slotText(b)];
        const order = x === y ? 0 : x < y ? -1 : 1;
        expect(Math.sign(compareSlots(a, b))).toBe(order);
        expect(Buffer.compare(Buffer.from(x), Buffer.from(y))).toBe(order);
      }),
    );
  });

  test('are read back from their texts', () => {
    fc.assert(
      fc.property(slot, (a) => {
        expect(parseSlot(slotText(a))).toEqual(a);
      }),
    );
  });

  test('are read from no other text', () => {
    const close = fc.tuple(slot, fc.constantFrom(' ', '\n', '0', '#', '-', 'é', '٣'), fc.nat(30));
    fc.assert(
      fc.property(close, ([a, extra, at]) => {
        const text = slotText(a);
        expect(parseSlot(text.slice(0, at) + extra + text.slice(at))).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseSlot(text)).toBeUndefined();
      }),
    );
  });

  test('[I1] a record moves the slot on: by its events, or to the next part', () => {
    fc.assert(
      fc.property(slot, fc.nat(100), (a, events) => {
        const next = nextSlot(a, events);
        expect(compareSlots(a, next)).toBeLessThan(0);
        expect(next.generation - a.generation).toBe(events);
        expect(next.part).toBe(events > 0 ? 0 : a.part + 1);
      }),
    );
    expect(FIRST_SLOT).toEqual(slotAt(1));
  });
});
