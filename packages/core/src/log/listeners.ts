/** Functions that are called together, in the order in which they were added. */
export class Listeners<Args extends readonly unknown[]> {
  readonly #all = new Set<(...args: Args) => void>();

  /** Adds a listener; the returned function removes it. */
  add(listener: (...args: Args) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /** Calls the present listeners, including any that another listener removes meanwhile. */
  call(...args: Args): void {
    for (const listener of [...this.#all]) listener(...args);
  }
}
