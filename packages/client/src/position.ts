/** The place of a client in a stream. */
export interface Position {
  /** Empty until an event has told the task. */
  readonly taskId: string;
  /** Empty if the server gives no cursors. */
  readonly cursor: string;
  /** The generation of the last event; 0 if it is not known. */
  readonly generation: number;
  /** The last state of the task; 0 if it is not known. */
  readonly state: number;
}

/** A position as a store keeps it. */
interface StoredPosition extends Position {
  /** True if the stream has ended: there is no later event. */
  readonly isOver?: boolean;
}

const BEGINNING: Position = { taskId: '', cursor: '', generation: 0, state: 0 };

/** Returns the text that a store keeps. `isOver`: the stream has ended. */
export function encodePosition(position: Position, isOver: boolean): string {
  return JSON.stringify({ v: 1, ...position, isOver });
}

/** Returns the position in a stored text; the beginning of the stream if the text is of another version. */
export function decodePosition(text: string | undefined): StoredPosition {
  try {
    const { v, ...position } = JSON.parse(text ?? '');
    if (v === 1) return { ...BEGINNING, ...position };
  } catch {
    // Another program has written the text.
  }
  return BEGINNING;
}
