/** The part of an AWS SDK client that shows when its calls begin and end. */
interface TimedClient {
  readonly middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: each client types its stack by its own commands
    add(middleware: any, options: { step: 'initialize'; priority: 'high' }): void;
  };
}

type Next = (args: unknown) => Promise<unknown>;

/**
 * Counts calls, and the minimum number of them that had to wait for one another. A call that begins
 * after another has ended is assumed to depend on it.
 */
export class RoundTripMeter {
  #calls = 0;
  #deepest = 0;

  attach(client: TimedClient): void {
    client.middlewareStack.add(
      (next: Next): Next =>
        (args) =>
          this.count(() => next(args)),
      { step: 'initialize', priority: 'high' },
    );
  }

  get calls(): number {
    return this.#calls;
  }

  /** The length of the longest chain of calls. */
  get roundTrips(): number {
    return this.#deepest;
  }

  async count<T>(call: () => Promise<T>): Promise<T> {
    this.#calls += 1;
    const depth = this.#deepest + 1;
    try {
      return await call();
    } finally {
      this.#deepest = Math.max(this.#deepest, depth);
    }
  }
}
