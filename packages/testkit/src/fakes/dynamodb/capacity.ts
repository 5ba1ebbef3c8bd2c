import { itemBytes, type StoredItem } from './attribute.ts';
import type { FakeIndex } from './fake-table.ts';

const WRITE_UNIT_BYTES = 1024;
const READ_UNIT_BYTES = 4096;

/**
 * Units of a write, indexes included: that of the item before or after, whichever is larger, at
 * least one; a changed copy in an index counts like an item, twice if its key changed.
 *
 * Source: Amazon DynamoDB developer guide, "DynamoDB read and write operations"; "Using global
 * secondary indexes".
 */
export function writeUnits(
  before: StoredItem | undefined,
  after: StoredItem | undefined,
  indexes: readonly FakeIndex[],
): number {
  let units = Math.max(unitsOf(before), unitsOf(after), 1);
  for (const index of indexes) {
    const [old, next] = [index.copyOf(before), index.copyOf(after)];
    if (old && next && samePlace(index, old, next)) {
      if (!sameItem(old, next)) units += Math.max(unitsOf(old), unitsOf(next));
    } else {
      units += unitsOf(old) + unitsOf(next);
    }
  }
  return units;
}

/**
 * Returns the units of a write whose condition did not hold: by the size of the stored item, at
 * least one.
 */
export function refusedUnits(before: StoredItem | undefined): number {
  return Math.max(unitsOf(before), 1);
}

/** Units of reading so many bytes in one request; half as many if the read is not consistent. */
export function readUnits(bytes: number, consistent: boolean): number {
  const units = Math.max(Math.ceil(bytes / READ_UNIT_BYTES), 1);
  return consistent ? units : units / 2;
}

function unitsOf(item: StoredItem | undefined): number {
  return item ? Math.ceil(itemBytes(item) / WRITE_UNIT_BYTES) : 0;
}

function samePlace({ keys }: FakeIndex, a: StoredItem, b: StoredItem): boolean {
  return Object.values(keys).every((name: string) => a[name]?.S === b[name]?.S);
}

function sameItem(a: StoredItem, b: StoredItem): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
