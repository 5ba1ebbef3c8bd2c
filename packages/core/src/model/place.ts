import { asGeneration, type Generation } from './generation.ts';

/** The place of a reader in a log: after the event of this generation. */
export interface Place {
  readonly generation: Generation;
  /** The number of Messages and errors that it was given since. */
  readonly messages: number;
}

/** The beginning of every log. */
export const FIRST_PLACE: Place = placeAt(0);

/** Returns the place after the event of this generation and this many Messages and errors. */
export function placeAt(generation: number, messages = 0): Place {
  return { generation: asGeneration(generation), messages };
}

/** Returns a negative number, zero or a positive one: `a` is before, at or after `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.generation - b.generation || a.messages - b.messages;
}
