import { attribute, INDEXED_FIELDS, INDEXES, type IndexDefinition } from '@a2a-aws/dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isLeaseItem, isRunItem, isWatchIndexItem } from './item-kind.ts';
import { itemBytes, type StoredItem } from './item-size.ts';
import { type Call, type ObservedClient, observe } from './observed-client.ts';

/** The bytes or write units written, by purpose. */
export interface Written {
  readonly records: number;
  readonly heads: number;
  /** The copies of the heads in the indexes. */
  readonly indexes: number;
  /** Intents, written and removed. */
  readonly runs: number;
  /** Watches and their index rows, written and removed. */
  readonly watches: number;
  readonly others: number;
}

/** The bytes of one write unit; a write rounds up. */
const UNIT_BYTES = 1_024;

const NONE: Written = { records: 0, heads: 0, indexes: 0, runs: 0, watches: 0, others: 0 };

/**
 * Counts a client's writes as DynamoDB does. A write, also a removal, has the size of the item
 * before or after it, whichever is larger. Each changed copy in an index counts as another write,
 * or as two if its key changed.
 *
 * Source: Amazon DynamoDB developer guide, "DynamoDB read and write operations"; "Using global
 * secondary indexes".
 */
export class WriteMeter {
  readonly #items = new Map<string, StoredItem>();
  #bytes: Written = NONE;
  #units: Written = NONE;

  attach(client: ObservedClient): void {
    observe(client, 'write-meter', (call) => this.#onCall(call));
  }

  bytes(): Written {
    return this.#bytes;
  }

  /**
   * Returns the write units. Each write is rounded up by itself, and so is each copy in an index.
   */
  units(): Written {
    return this.#units;
  }

  #onCall({ command, input, output }: Call): void {
    const name = writtenKey(command, input);
    if (!name) return;
    const before = this.#items.get(name);
    // A refused write has the size of the existing item.
    const after = output ? itemAfter(command, input, before) : before;
    if (after) this.#items.set(name, after);
    else this.#items.delete(name);
    this.count(before, after);
  }

  /**
   * Counts a write; `after` is `undefined` for a removal, and equals `before` for a refused write.
   */
  count(before: StoredItem | undefined, after: StoredItem | undefined): void {
    const item = after ?? before;
    if (!item || isLeaseItem(item)) return;
    const bytes = Math.max(size(before), size(after));
    for (let write = 0; write < writes(item, after); write += 1) this.#add(kindOf(item), bytes);
    for (const index of INDEXES) {
      for (const copy of copies(index, before, after)) this.#add('indexes', copy);
    }
  }

  /** Counts one write of this many bytes. */
  #add(kind: keyof Written, bytes: number): void {
    const units = Math.ceil(bytes / UNIT_BYTES);
    this.#bytes = { ...this.#bytes, [kind]: this.#bytes[kind] + bytes };
    this.#units = { ...this.#units, [kind]: this.#units[kind] + units };
  }
}

type Attributes = Readonly<Record<string, AttributeValue>>;

interface WriteInput {
  readonly Item?: Attributes;
  readonly Key?: Attributes;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Attributes;
}

function writtenKey(command: string, input: WriteInput): string | undefined {
  if (!/^(Put|Update|Delete)Item/.test(command)) return undefined;
  const key = input.Item ?? input.Key ?? {};
  return JSON.stringify([key[attribute.partition]?.S, key[attribute.sort]?.S]);
}

function itemAfter(
  command: string,
  input: WriteInput,
  before: StoredItem | undefined,
): StoredItem | undefined {
  if (command.startsWith('Delete')) return undefined;
  if (input.Item) return input.Item;
  return { ...before, ...input.Key, ...assigned(input) };
}

/**
 * Returns the attributes that an update's SET assigns; this project writes no other kind of update.
 */
function assigned(input: WriteInput): Attributes {
  const { UpdateExpression = '', ExpressionAttributeNames, ExpressionAttributeValues } = input;
  if (!/^SET /.test(UpdateExpression)) throw new Error('An update of an unknown form.');
  return Object.fromEntries(
    [...UpdateExpression.matchAll(/(#\w+) = (:\w+)/g)].map(([, name = '', value = '']) => {
      const set = ExpressionAttributeValues?.[value];
      if (!set) throw new Error('An update of an unknown form.');
      return [ExpressionAttributeNames?.[name] ?? name, set];
    }),
  );
}

/**
 * Returns the number of writes of an item. The index row of a watch is removed a minute after it,
 * and its removal is counted together with its writing.
 */
function writes(item: StoredItem, after: StoredItem | undefined): number {
  if (!isWatchIndexItem(item)) return 1;
  return after ? 2 : 0;
}

function kindOf(item: StoredItem): keyof Written {
  const sort = item[attribute.sort]?.S ?? '';
  if (/^(event|snap|xpart)#/.test(sort)) return 'records';
  if (sort === 'task') return 'heads';
  if (sort.startsWith('watch#')) return 'watches';
  if (isRunItem(item)) return 'runs';
  return 'others';
}

/** Returns the bytes of each write that one index makes for a write of an item. */
function copies(
  index: IndexDefinition,
  before: StoredItem | undefined,
  after: StoredItem | undefined,
): number[] {
  const [old, next] = [before, after].map((item) => item && copyOf(index, item));
  const moved = [index.partition, index.sort].some((name) => old?.[name]?.S !== next?.[name]?.S);
  if (!old || !next || moved) return [old, next].flatMap((copy) => (copy ? [size(copy)] : []));
  return JSON.stringify(old) === JSON.stringify(next) ? [] : [Math.max(size(old), size(next))];
}

/** Returns the copy of an item in an index; `undefined` if the item lacks the index's keys. */
function copyOf(index: IndexDefinition, item: StoredItem): StoredItem | undefined {
  const keys = [index.partition, index.sort];
  if (keys.some((name) => item[name] === undefined)) return undefined;
  const names = new Set([...keys, attribute.partition, attribute.sort, ...INDEXED_FIELDS]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

function size(item: StoredItem | undefined): number {
  return item ? itemBytes(item) : 0;
}
