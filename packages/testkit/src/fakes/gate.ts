/** A promise that a test resolves or rejects, once. */
export class Gate<T = void> {
  readonly opened: Promise<T>;
  #open: (value: T) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor() {
    this.opened = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#fail = reject;
    });
  }

  /** Resolves {@link opened}. */
  open(value: T): void {
    this.#open(value);
  }

  /** Rejects {@link opened}. */
  fail(error: unknown): void {
    this.#fail(error);
  }
}
