/** Work of one key after another, in the order in which it came; that of other keys goes on beside it. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Begins `work` later than now, whatever became of what came before it. */
  take(key: string, work: () => Promise<void>): void {
    const before = this.#last.get(key) ?? Promise.resolve();
    const done = before.then(work, work).finally(() => {
      if (this.#last.get(key) === done) this.#last.delete(key);
    });
    this.#last.set(key, done);
  }

  /** Resolves when nothing is under way or waits. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
  }
}
