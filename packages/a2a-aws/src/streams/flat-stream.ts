/** Parts of a stream: each is read to its end before the next one is asked for. */
export type Parts<T> = AsyncGenerator<Iterable<T>, void, undefined>;

/**
 * A stream of the items of parts. An item whose part is known costs one promise, and not one for each
 * generator on its way. As generators do, it answers calls one after the other.
 */
export class FlatStream<T> implements AsyncGenerator<T, void, undefined> {
  readonly #parts: Parts<T>;
  #part: Iterator<T> | undefined;
  /** The last call that waits for a part; `undefined` if all were answered. */
  #turn: Promise<unknown> | undefined;

  constructor(parts: Parts<T>) {
    this.#parts = parts;
  }

  next(): Promise<IteratorResult<T, void>> {
    if (this.#turn) return this.#inTurn(() => this.#pull());
    try {
      const known = this.#take();
      if (known) return Promise.resolve(known);
    } catch (error) {
      return this.#inTurn(() => this.#fail(error));
    }
    return this.#inTurn(() => this.#pull());
  }

  return(): Promise<IteratorResult<T, void>> {
    return this.#inTurn(async () => {
      this.#part = undefined;
      await this.#parts.return();
      return { value: undefined, done: true };
    });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    return this.#inTurn(() => this.#fail(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #take(): IteratorResult<T, void> | undefined {
    const item = this.#part?.next();
    return item && !item.done ? item : undefined;
  }

  async #pull(): Promise<IteratorResult<T, void>> {
    for (;;) {
      try {
        const known = this.#take();
        if (known) return known;
      } catch (error) {
        return this.#fail(error);
      }
      const part = await this.#parts.next();
      if (part.done) return { value: undefined, done: true };
      this.#part = part.value[Symbol.iterator]();
    }
  }

  /** Ends the parts with an error, so that they release what they hold. */
  async #fail(error: unknown): Promise<IteratorResult<T, void>> {
    this.#part = undefined;
    await this.#parts.throw(error);
    return { value: undefined, done: true };
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const turn = this.#turn ? this.#turn.then(work, work) : work();
    const settled = (): void => {
      if (this.#turn === turn) this.#turn = undefined;
    };
    this.#turn = turn;
    turn.then(settled, settled);
    return turn;
  }
}
