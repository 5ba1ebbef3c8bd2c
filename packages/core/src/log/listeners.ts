/** Functions that are called together, in the order in which they were added. */
export class Listeners<Args extends readonly unknown[]> {
  /** Made for the first listener: an instance may have thousands of logs open. */
  #all: Set<(...args: Args) => void> | undefined;

  /** Adds a listener; the returned function removes it. */
  add(listener: (...args: Args) => void): () => void {
    this.#all ??= new Set();
    this.#all.add(listener);
    return () => this.#all?.delete(listener);
  }

  /** Calls the present listeners, including any that another listener removes meanwhile. */
  call(...args: Args): void {
    for (const listener of [...(this.#all ?? [])]) listener(...args);
  }
}
