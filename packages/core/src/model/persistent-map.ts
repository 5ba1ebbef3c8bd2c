import type { Sliced } from './sliced.ts';

/** A change that is in no layer yet. */
interface Change<V> {
  readonly key: string;
  readonly value: V;
  readonly before: Change<V> | undefined;
  /** The number of changes, this one included. */
  readonly count: number;
}

/** This many changes become a layer: the last ones often concern the same few keys. */
const MAX_CHANGES = 32;
/** Adding an entry takes about as long as folding this many bytes of records. */
const FILL_COST = 16;

/**
 * An immutable map. {@link with} returns another version at a cost logarithmic in the size, averaged over
 * many calls. A state of a log may be kept while the log grows, without a copy.
 *
 * It is a list of the last changes on top of layers, each less than half as large as the one below. A
 * full list becomes a layer. A layer that is too large for its place is merged with the one below.
 * Entries are iterated in the order in which their keys first came. Keys may come from outside: native
 * maps withstand keys that are chosen to collide.
 */
export class PersistentMap<V> {
  static readonly #empty: PersistentMap<never> = new PersistentMap<never>([], undefined, 0);
  /** The lowest, largest and oldest first; a key in a higher layer hides the one below. */
  readonly #layers: readonly ReadonlyMap<string, V>[];
  /** The last change; it hides earlier ones and the layers. */
  readonly #changes: Change<V> | undefined;
  readonly size: number;

  private constructor(
    layers: readonly ReadonlyMap<string, V>[],
    changes: Change<V> | undefined,
    size: number,
  ) {
    this.#layers = layers;
    this.#changes = changes;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#empty as PersistentMap<unknown> as PersistentMap<V>;
  }

  static of<V>(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    return PersistentMap.#ofLayer(new Map(entries));
  }

  /** As {@link of}, in slices. */
  static *filling<V>(entries: Iterable<readonly [string, V]>): Sliced<PersistentMap<V>> {
    const layer = new Map<string, V>();
    for (const [key, value] of entries) {
      layer.set(key, value);
      yield FILL_COST;
    }
    return PersistentMap.#ofLayer(layer);
  }

  /** The layer belongs to the map from now on. */
  static #ofLayer<V>(layer: ReadonlyMap<string, V>): PersistentMap<V> {
    return layer.size === 0
      ? PersistentMap.empty()
      : new PersistentMap([layer], undefined, layer.size);
  }

  get(key: string): V | undefined {
    for (let change = this.#changes; change; change = change.before) {
      if (change.key === key) return change.value;
    }
    for (let at = this.#layers.length - 1; at >= 0; at -= 1) {
      const layer = this.#layers[at];
      const value = layer?.get(key);
      if (value !== undefined || layer?.has(key)) return value;
    }
    return undefined;
  }

  has(key: string): boolean {
    for (let change = this.#changes; change; change = change.before) {
      if (change.key === key) return true;
    }
    return this.#layers.some((layer) => layer.has(key));
  }

  /** Returns a map with this value under the key; all other entries stay. */
  with(key: string, value: V): PersistentMap<V> {
    const size = this.has(key) ? this.size : this.size + 1;
    const before = this.#changes;
    const changes = { key, value, before, count: (before?.count ?? 0) + 1 };
    const layers = changes.count < MAX_CHANGES ? this.#layers : merged(this.#layers, changes);
    return new PersistentMap(layers, layers === this.#layers ? changes : undefined, size);
  }

  /** As {@link with}, for several keys. */
  withAll(entries: Iterable<readonly [string, V]>): PersistentMap<V> {
    let map: PersistentMap<V> = this;
    for (const [key, value] of entries) map = map.with(key, value);
    return map;
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    if (this.#layers.length === 1 && !this.#changes) {
      for (const layer of this.#layers) yield* layer;
      return;
    }
    const all = new Map<string, V>();
    for (const layer of this.#layers) for (const [key, value] of layer) all.set(key, value);
    for (const { key, value } of oldestFirst(this.#changes)) all.set(key, value);
    yield* all;
  }

  *keys(): IterableIterator<string> {
    for (const [key] of this) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this) yield value;
  }
}

/** Returns the layers with these changes on top. */
function merged<V>(
  layers: readonly ReadonlyMap<string, V>[],
  changes: Change<V>,
): readonly ReadonlyMap<string, V>[] {
  const left = [...layers];
  let top = new Map<string, V>();
  for (const { key, value } of oldestFirst(changes)) top.set(key, value);
  for (let below = left.at(-1); below && below.size < 2 * top.size; below = left.at(-1)) {
    left.pop();
    const both = new Map(below);
    for (const [key, value] of top) both.set(key, value);
    top = both;
  }
  return [...left, top];
}

function oldestFirst<V>(last: Change<V> | undefined): Change<V>[] {
  const changes: Change<V>[] = [];
  for (let change = last; change; change = change.before) changes.push(change);
  return changes.reverse();
}
