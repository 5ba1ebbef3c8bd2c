/** The place of a reader in a log: after the event of this generation. */
export interface Place {
  readonly generation: number;
  /** The number of Messages and errors that it was given since. */
  readonly messages: number;
}

/** The beginning of every log. */
export const FIRST_PLACE: Place = { generation: 0, messages: 0 };

/** Returns a negative number, zero or a positive one: `a` is before, at or after `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.generation - b.generation || a.messages - b.messages;
}
