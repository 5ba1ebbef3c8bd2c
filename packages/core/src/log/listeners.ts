/** Functions that are called together, in the order in which they were added. */
export class Listeners<Args extends readonly unknown[]> {
  /** The only listener: an instance may have thousands of logs open, most of them with one. */
  #only: ((...args: Args) => void) | undefined;
  /** All listeners, made for the second one. */
  #all: Set<(...args: Args) => void> | undefined;

  /** Adds a listener; the returned function removes it. */
  add(listener: (...args: Args) => void): () => void {
    if (this.#all === undefined && this.#only === undefined) {
      this.#only = listener;
    } else {
      this.#all ??= new Set(this.#only && [this.#only]);
      this.#all.add(listener);
      this.#only = undefined;
    }
    return () => {
      if (this.#only === listener) this.#only = undefined;
      this.#all?.delete(listener);
    };
  }

  /** Calls the present listeners, including any that another listener removes meanwhile. */
  call(...args: Args): void {
    if (this.#only) this.#only(...args);
    else for (const listener of [...(this.#all ?? [])]) listener(...args);
  }
}
