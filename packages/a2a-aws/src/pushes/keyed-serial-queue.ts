/** Runs the jobs of one key one after another, in order of arrival; keys do not wait for each other. */
export class KeyedSerialQueue {
  #last = new Map<string, Promise<void>>();
  #life = new AbortController();

  /** Aborts when {@link drop} is called. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Adds a job. It starts after the earlier jobs of its key, also if they failed, and never in this
   * turn. Its signal aborts on {@link drop}; jobs that have not started by then never start.
   */
  enqueue(key: string, work: (signal: AbortSignal) => Promise<void>): void {
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

  /** Resolves when no job runs or waits. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.allSettled(this.#last.values());
  }

  /** Aborts the running jobs and forgets the waiting ones. Later jobs run as before. */
  drop(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#last = new Map();
  }
}
