/**
 * A map whose versions stay as they are: {@link with} returns another one and costs a logarithm of the
 * size, spread over many calls. A state of a log may be kept while the log grows, and costs no copy.
 *
 * It is a list of layers, each less than half as large as the one below it. A change is a new layer of
 * one entry; a layer that is not small enough for its place is merged with the one below. Entries are
 * iterated in the order in which their keys first came. Keys may come from outside: native maps
 * withstand keys that are chosen to collide.
 */
export class PersistentMap<V> {
  static readonly #empty: PersistentMap<never> = new PersistentMap<never>([], 0);
  /** The lowest, largest and oldest first; a key in a higher layer hides the one below. */
  readonly #layers: readonly ReadonlyMap<string, V>[];
  readonly size: number;

  private constructor(layers: readonly ReadonlyMap<string, V>[], size: number) {
    this.#layers = layers;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty as PersistentMap<unknown> as PersistentMap<V>;
  }

  static of<V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    const layer = new Map(entries);
    return layer.size === 0 ? PersistentMap.empty() : new PersistentMap([layer], layer.size);
  }

  get(key: string): V | undefined {
    for (let at = this.#layers.length - 1; at >= 0; at -= 1) {
      const layer = this.#layers[at];
      const value = layer?.get(key);
      if (value !== undefined || layer?.has(key)) return value;
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.#layers.some((layer) => layer.has(key));
  }

  /** Returns a map that has the value under this key, and everything else as it is here. */
  with(key: string, value: V): PersistentMap<V> {
    return this.withAll([[key, value]]);
  }

  /** As {@link with}, for several keys. */
  withAll(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    let top = new Map(entries);
    if (top.size === 0) return this;
    let { size } = this;
    for (const key of top.keys()) if (!this.has(key)) size += 1;
    const layers = [...this.#layers];
    for (let below = layers.at(-1); below && below.size < 2 * top.size; below = layers.at(-1)) {
      layers.pop();
      const merged = new Map(below);
      for (const [name, newer] of top) merged.set(name, newer);
      top = merged;
    }
    return new PersistentMap([...layers, top], size);
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    if (this.#layers.length > 1) {
      const all = new Map<string, V>();
      for (const layer of this.#layers) for (const [key, value] of layer) all.set(key, value);
      yield* all;
    } else {
      for (const layer of this.#layers) yield* layer;
    }
  }

  *keys(): IterableIterator<string> {
    for (const [key] of this) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this) yield value;
  }
}
