import { KeyedSerialQueue } from '@a2a-aws/core/internal';

/** The jobs that push the events of a backend's tasks, until the backend is suspended. */
export class PushJobs {
  #jobs = new KeyedSerialQueue();
  #life = new AbortController();

  /** Aborts when {@link drop} is called. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /**
   * Adds a job. It starts after this call has returned and the earlier jobs of its key have ended. Its
   * signal aborts on {@link drop}; jobs that have not started by then never start.
   */
  enqueue(key: string, job: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#life;
    void this.#jobs.run(key, async () => {
      if (!signal.aborted) await job(signal);
    });
  }

  /** Resolves when no job runs or waits. */
  idle(): Promise<void> {
    return this.#jobs.idle();
  }

  /** Aborts the running jobs and forgets the waiting ones. Later jobs run as before. */
  drop(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#jobs = new KeyedSerialQueue();
  }
}
