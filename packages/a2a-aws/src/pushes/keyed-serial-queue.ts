/** Work of one key after another, in the order in which it came; that of other keys goes on beside it. */
export class KeyedSerialQueue {
  #last = new Map<string, Promise<void>>();
  #life = new AbortController();

  /** Aborts when what is under way is dropped. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Begins `work` later than now, whatever became of what came before it. It gets the signal that aborts
   * when it is to end; what has not begun by then never does.
   */
  take(key: string, work: (signal: AbortSignal) => Promise<void>): void {
    const last = this.#last;
    const { signal } = this.#life;
    const turn = async (): Promise<void> => {
      if (!signal.aborted) await work(signal);
    };
    const before = last.get(key) ?? Promise.resolve();
    const done = before.then(turn, turn).finally(() => {
      if (last.get(key) === done) last.delete(key);
    });
    last.set(key, done);
  }

  /** Resolves when nothing is under way or waits. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
  }

  /** Ends what is under way and forgets what waits; what comes from now on is done as before. */
  drop(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#last = new Map();
  }
}
