declare const unit: unique symbol;

/**
 * The number of an event in its task's log: 1, 2, 3 …, without gaps. A reader that has received no
 * event is at 0. The type keeps it apart from counts, parts of slots and milliseconds.
 */
export type Generation = number & { readonly [unit]: 'generation' };

/** Returns a number that is a generation, for example one that was stored, as one. */
export function asGeneration(value: number): Generation {
  return value as Generation;
}

/** Returns the generation of the event that comes `events` events later. */
export function generationAfter(generation: Generation, events = 1): Generation {
  return asGeneration(generation + events);
}

/** Returns the generation of the event before; 0 before the first. */
export function generationBefore(generation: Generation): Generation {
  return asGeneration(generation - 1);
}
