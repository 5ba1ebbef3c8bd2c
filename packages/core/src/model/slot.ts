import { asGeneration, type Generation, generationAfter } from './generation.ts';

/**
 * The place of a record in its log. `generation` is that of the next event (1, 2, 3 …), `part` counts
 * the records without events since the last event. So generations have no gaps, and the records after
 * an event are found by its generation.
 */
export interface Slot {
  readonly generation: Generation;
  readonly part: number;
}

export const FIRST_SLOT: Slot = slotAt(1, 0);

/** Returns the slot with these parts. */
export function slotAt(generation: number, part = 0): Slot {
  return { generation: asGeneration(generation), part };
}

/** Returns the slot after a record with `events` events at `slot`. */
export function nextSlot(slot: Slot, events: number): Slot {
  return events > 0
    ? { generation: generationAfter(slot.generation, events), part: 0 }
    : { generation: slot.generation, part: slot.part + 1 };
}

/** Returns a negative number, zero or a positive one: `a` is before, at or after `b`. */
export function compareSlots(a: Slot, b: Slot): number {
  return a.generation - b.generation || a.part - b.part;
}

/** Returns a text that sorts like the slot: zero-padded, 12 and 6 digits. */
export function slotText(slot: Slot): string {
  return `${String(slot.generation).padStart(12, '0')}#${String(slot.part).padStart(6, '0')}`;
}

/** Reads a text of {@link slotText}; returns `undefined` for any other text. */
export function parseSlot(text: string): Slot | undefined {
  // By hand: a log may have tens of thousands of records, and its snapshot as many runs.
  if (text.length !== 19 || text[12] !== '#') return undefined;
  const generation = digits(text, 0, 12);
  const part = digits(text, 13, 19);
  return generation === undefined || part === undefined ? undefined : slotAt(generation, part);
}

function digits(text: string, from: number, to: number): number | undefined {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    number = 10 * number + digit;
  }
  return number;
}
