/**
 * Keeps the positions of streams, so that a client continues after its own restart. Values are short
 * texts. One store serves any number of streams; two readers of one stream need two stores.
 */
export interface CursorStore {
  /** Returns the last value of the key; `undefined` if it has none. */
  get(key: string): Promise<string | undefined>;
  /** Sets the value. The caller waits until the value is durable. */
  set(key: string, value: string): Promise<void>;
  /** Removes the value, if the key has one. */
  delete(key: string): Promise<void>;
}
