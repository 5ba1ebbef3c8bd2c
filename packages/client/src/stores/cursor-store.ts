/**
 * Keeps the positions of streams, so that a client continues after its own restart. Values are short
 * texts. One store serves any number of streams of one agent; two readers of one stream need two stores.
 * Several agents may have tasks and messages with equal ids, and share a store only if each has another
 * value of the option `agent`.
 *
 * A client that must handle each event exactly once, also across its restarts, needs a store of its own.
 * The `set` of that store writes the effect of the event and the position in one transaction.
 */
export interface CursorStore {
  /** Returns the last value of the key; `undefined` if it has none. */
  get(key: string): Promise<string | undefined>;
  /**
   * Sets the value, and resolves when it is durable. It is called when the caller of a stream asks for
   * the next event, with the position after the last one, and once more at the end of the stream.
   */
  set(key: string, value: string): Promise<void>;
  /** Removes the value, if the key has one. */
  delete(key: string): Promise<void>;
}
