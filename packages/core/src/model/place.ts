/** Where a reader of a task is: behind the event of this generation. */
export interface Place {
  readonly generation: number;
  /** How many Messages and errors it was given since. */
  readonly messages: number;
}

/** Where every log begins. */
export const FIRST_PLACE: Place = { generation: 0, messages: 0 };

/** Negative, zero or positive as `a` comes before, at or after `b`. */
export function comparePlaces(a: Place, b: Place): number {
  return a.generation - b.generation || a.messages - b.messages;
}
