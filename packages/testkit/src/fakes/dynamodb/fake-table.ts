import type { Clock } from '@a2a-aws/core';
import type { CreateTableCommandInput, KeySchemaElement } from '@aws-sdk/client-dynamodb';
import type { FaultPlan } from '../fault-plan.ts';
import { invalid } from '../service-fault.ts';
import { itemBytes, type StoredItem } from './attribute.ts';
import { SortedItems } from './sorted-items.ts';

/** Names of the attributes that make a key, both of type S. */
export interface KeyNames {
  readonly partition: string;
  readonly sort: string;
}

/** Where an item is. */
export interface PlainKey {
  readonly partition: string;
  readonly sort: string;
}

const MAX_ITEM_BYTES = 400 * 1024;
const MAX_PARTITION_KEY_BYTES = 2_048;
const MAX_SORT_KEY_BYTES = 1_024;

/** One index: copies of those items that have its keys. */
export class FakeIndex {
  readonly name: string;
  readonly keys: KeyNames;
  readonly partitions: Map<string, SortedItems> = new Map();
  /** Attributes that are copied; all if there is no list. */
  readonly #projected: ReadonlySet<string> | undefined;

  constructor(name: string, keys: KeyNames, projected: ReadonlySet<string> | undefined) {
    this.name = name;
    this.keys = keys;
    this.#projected = projected;
  }

  /** Returns the part of an item that the index holds; `undefined` if the item lacks one of its keys. */
  copyOf(item: StoredItem | undefined): StoredItem | undefined {
    if (!item?.[this.keys.partition]?.S || !item[this.keys.sort]?.S) return undefined;
    const projected = this.#projected;
    if (!projected) return item;
    return Object.fromEntries(Object.entries(item).filter(([name]) => projected.has(name)));
  }

  /** Items of an index may have the same key: the table's key tells them apart. */
  placeOf(copy: StoredItem, key: PlainKey): PlainKey {
    return {
      partition: copy[this.keys.partition]?.S ?? '',
      sort: `${copy[this.keys.sort]?.S ?? ''}\u0000${key.partition}\u0000${key.sort}`,
    };
  }
}

/** The items of one table and of its indexes, which follow as late as the fault plan says. */
export class FakeTable {
  readonly definition: CreateTableCommandInput;
  readonly keys: KeyNames;
  readonly partitions: Map<string, SortedItems> = new Map();
  readonly indexes: readonly FakeIndex[];
  readonly #clock: Clock;
  readonly #faults: FaultPlan;

  constructor(definition: CreateTableCommandInput, clock: Clock, faults: FaultPlan) {
    this.definition = definition;
    this.#clock = clock;
    this.#faults = faults;
    this.keys = keyNames(definition.KeySchema);
    this.indexes = (definition.GlobalSecondaryIndexes ?? []).map((index) => {
      const keys = keyNames(index.KeySchema);
      const { ProjectionType, NonKeyAttributes = [] } = index.Projection ?? {};
      const all = [...Object.values(this.keys), ...Object.values(keys), ...NonKeyAttributes];
      const projected = ProjectionType === 'ALL' ? undefined : new Set(all);
      return new FakeIndex(index.IndexName ?? '', keys, projected);
    });
  }

  /** The key in these attributes, checked as DynamoDB does. */
  keyOf(attributes: StoredItem): PlainKey {
    const partition = attributes[this.keys.partition]?.S;
    const sort = attributes[this.keys.sort]?.S;
    if (!partition || !sort) throw invalid('A key attribute is missing, empty or no string.');
    if (Buffer.byteLength(partition) > MAX_PARTITION_KEY_BYTES) {
      throw invalid('The partition key is larger than 2048 bytes.');
    }
    if (Buffer.byteLength(sort) > MAX_SORT_KEY_BYTES) {
      throw invalid('The sort key is larger than 1024 bytes.');
    }
    return { partition, sort };
  }

  get({ partition, sort }: PlainKey): StoredItem | undefined {
    return this.partitions.get(partition)?.get(sort);
  }

  /** Writes or removes an item; the indexes follow. */
  set(key: PlainKey, item: StoredItem | undefined): void {
    if (item) this.#assertFits(item);
    const before = this.get(key);
    put(this.partitions, key, item);
    for (const index of this.indexes) this.#follow(index, key, index.copyOf(before));
  }

  /** Everything that is stored, in no order. */
  *items(): IterableIterator<StoredItem> {
    for (const items of this.partitions.values()) {
      for (let at = 0; at < items.size; at += 1) yield items.at(at)?.item as StoredItem;
    }
  }

  #follow(index: FakeIndex, key: PlainKey, before: StoredItem | undefined): void {
    const follow = (): void => {
      if (before) put(index.partitions, index.placeOf(before, key), undefined);
      // As the item is by then: an index that lags never goes back.
      const copy = index.copyOf(this.get(key));
      if (copy) put(index.partitions, index.placeOf(copy, key), copy);
    };
    const lag = this.#faults.indexLag();
    if (lag > 0) this.#clock.after(lag, follow);
    else follow();
  }

  #assertFits(item: StoredItem): void {
    if (itemBytes(item) > MAX_ITEM_BYTES) {
      throw invalid('Item size has exceeded the maximum allowed size');
    }
    for (const index of this.indexes) {
      for (const name of Object.values(index.keys)) {
        if (item[name] && !item[name]?.S) throw invalid('An index key is empty or no string.');
      }
    }
  }
}

function put(
  partitions: Map<string, SortedItems>,
  { partition, sort }: PlainKey,
  item: StoredItem | undefined,
): void {
  let items = partitions.get(partition);
  if (!items) {
    if (!item) return;
    items = new SortedItems();
    partitions.set(partition, items);
  }
  items.set(sort, item);
  if (items.size === 0) partitions.delete(partition);
}

function keyNames(schema: readonly KeySchemaElement[] | undefined): KeyNames {
  const name = (type: 'HASH' | 'RANGE'): string =>
    schema?.find(({ KeyType }) => KeyType === type)?.AttributeName ?? '';
  return { partition: name('HASH'), sort: name('RANGE') };
}
