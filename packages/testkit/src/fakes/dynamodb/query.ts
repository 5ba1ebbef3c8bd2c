import type { QueryCommandInput, QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { invalid } from '../service-fault.ts';
import { itemBytes, type StoredItem } from './attribute.ts';
import { readUnits } from './capacity.ts';
import { holds, parseCondition } from './condition.ts';
import { Placeholders } from './expression-reader.ts';
import type { FakeTable } from './fake-table.ts';
import { keyRange } from './key-condition.ts';
import { fromStored, toStored } from './marshalling.ts';
import { SortedItems } from './sorted-items.ts';

export interface QueryPage {
  readonly output: Pick<
    QueryCommandOutput,
    'Items' | 'Count' | 'ScannedCount' | 'LastEvaluatedKey'
  >;
  readonly bytes: number;
  readonly units: number;
}

const EMPTY = new SortedItems();

/** One page of a query: as much as fits into `pageBytes`, and at least one item. */
export function queryPage(
  table: FakeTable,
  input: QueryCommandInput,
  pageBytes: number,
): QueryPage {
  const index = table.indexes.find(({ name }) => name === input.IndexName);
  if (input.IndexName && !index) throw invalid('The table does not have the specified index.');
  if (index && input.ConsistentRead) {
    throw invalid('Consistent reads are not supported on global secondary indexes.');
  }
  const { keys, partitions } = index ?? table;
  const placeholders = new Placeholders(
    input.ExpressionAttributeNames,
    toStored(input.ExpressionAttributeValues ?? {}),
  );
  const range = keyRange(parseCondition(input.KeyConditionExpression ?? '', placeholders), keys);
  const filter = input.FilterExpression && parseCondition(input.FilterExpression, placeholders);
  const names = input.ProjectionExpression?.split(',').map((name) =>
    placeholders.name(name.trim()),
  );
  placeholders.assertAllUsed();
  const items = partitions.get(range.partition) ?? EMPTY;
  const forward = input.ScanIndexForward !== false;
  const found: StoredItem[] = [];
  let [bytes, scanned, begun] = [0, 0, false];
  let last: StoredItem | undefined;
  let more = false;
  for (let at = start(items, input, table, index, range.from); ; at += forward ? 1 : -1) {
    const item = items.at(at)?.item;
    if (!item) break;
    if (!holds(range.condition, item)) {
      if (begun) break;
      continue;
    }
    begun = true;
    const size = itemBytes(item);
    more = scanned > 0 && bytes + size > pageBytes;
    if (more) break;
    scanned += 1;
    bytes += size;
    last = item;
    if (!filter || holds(filter, item)) found.push(item);
    // It stops there without looking whether more follows.
    more = scanned === input.Limit;
    if (more) break;
  }
  const lastKey = [...Object.values(table.keys), ...Object.values(keys)] as string[];
  return {
    output: {
      Items: found.map((item) => fromStored(names ? only(item, names) : item)),
      Count: found.length,
      ScannedCount: scanned,
      ...(more && last ? { LastEvaluatedKey: fromStored(only(last, lastKey)) } : {}),
    },
    bytes,
    units: readUnits(bytes, input.ConsistentRead === true),
  };
}

/** The place of the first candidate. */
function start(
  items: SortedItems,
  input: QueryCommandInput,
  table: FakeTable,
  index: FakeTable['indexes'][number] | undefined,
  from: string | undefined,
): number {
  const forward = input.ScanIndexForward !== false;
  if (input.ExclusiveStartKey) {
    const after = toStored(input.ExclusiveStartKey);
    const key = table.keyOf(after);
    const sort = index ? index.placeOf(after, key).sort : key.sort;
    const place = items.place(sort);
    if (!forward) return place - 1;
    return items.at(place)?.key === sort ? place + 1 : place;
  }
  if (!forward) return items.size - 1;
  return from === undefined ? 0 : items.place(from);
}

function only(item: StoredItem, names: readonly string[]): StoredItem {
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
}
