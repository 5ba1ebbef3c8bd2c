import { compareText, type StoredItem } from './attribute.ts';

interface Entry {
  readonly key: string;
  readonly item: StoredItem;
}

/** The items of one partition, by sort key. */
export class SortedItems {
  readonly #entries: Entry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get(key: string): StoredItem | undefined {
    const entry = this.#entries[this.place(key)];
    return entry?.key === key ? entry.item : undefined;
  }

  set(key: string, item: StoredItem | undefined): void {
    const at = this.place(key);
    const there = this.#entries[at]?.key === key ? 1 : 0;
    if (item) this.#entries.splice(at, there, { key, item });
    else this.#entries.splice(at, there);
  }

  /** Where the first key is that is not below this one. */
  place(key: string): number {
    let [low, high] = [0, this.#entries.length];
    // Logs grow at their end.
    const last = this.#entries[high - 1];
    if (!last || compareText(last.key, key) < 0) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle] as Entry;
      if (compareText(entry.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  at(place: number): Entry | undefined {
    return this.#entries[place];
  }
}
