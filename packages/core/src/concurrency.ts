/** Returns the results of `work` in the order of the items; at most `width` run at once. */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [at, item] of waiting) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}

/** A number of places, given to jobs in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves once a place is free, with a function that frees it again. Call it exactly once. */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    // A finished job passes its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => this.#release();
  }

  /** Runs a job as soon as a place is free. Settles like the job. */
  async run<T>(job: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await job();
    } finally {
      release();
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** Runs jobs one after another, in order of arrival. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();
  #jobs = 0;

  /** True if no job runs or waits. */
  get isIdle(): boolean {
    return this.#jobs === 0;
  }

  /**
   * Adds a job. It starts after this call has returned and all earlier jobs have ended, also if they
   * failed. Settles like the job.
   */
  run<T>(job: () => Promise<T>): Promise<T> {
    this.#jobs += 1;
    const turn = this.#last.then(job).finally(() => {
      this.#jobs -= 1;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when no job runs or waits. */
  async idle(): Promise<void> {
    while (!this.isIdle) await this.#last;
  }
}

/** One {@link SerialQueue} for each key. The keys do not wait for each other. */
export class KeyedSerialQueue {
  readonly #queues = new Map<string, SerialQueue>();

  /** The number of keys with a job that runs or waits. */
  get size(): number {
    return this.#queues.size;
  }

  /** As {@link SerialQueue.run}, after the earlier jobs of this key. */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? new SerialQueue();
    this.#queues.set(key, queue);
    try {
      return await queue.run(job);
    } finally {
      if (queue.isIdle) this.#queues.delete(key);
    }
  }

  /** Resolves when no job runs or waits. */
  async idle(): Promise<void> {
    while (this.size > 0) {
      await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
    }
  }
}
