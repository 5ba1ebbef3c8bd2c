import { attribute, INDEXED_FIELDS, INDEXES, type IndexDefinition } from '@a2a-aws/dynamodb';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isLeaseItem, isRunItem, isWatchIndexItem } from './item-kind.ts';
import { itemBytes, type StoredItem } from './item-size.ts';
import { type Call, type ObservedClient, observe } from './observed-client.ts';

/** What was written, by what it was for: bytes, or write units. */
export interface Written {
  readonly records: number;
  readonly heads: number;
  /** What the indexes copied of the heads. */
  readonly indexes: number;
  /** Run rows, and what was removed of them. */
  readonly runs: number;
  /** Watches and their index rows, and what was removed of them. */
  readonly watches: number;
  readonly others: number;
}

/** Of a write: one unit a kilobyte or part of it. */
const UNIT_BYTES = 1_024;

const NONE: Written = { records: 0, heads: 0, indexes: 0, runs: 0, watches: 0, others: 0 };

/**
 * Counts what a client writes, as DynamoDB does: a write has the size of the item before or after
 * it, whichever is larger, also when it is removed; each changed copy in an index counts again, twice
 * if its key changed.
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

  /** Write units, each write rounded up by itself, each copy in an index, too. */
  units(): Written {
    return this.#units;
  }

  #onCall({ command, input, output }: Call): void {
    const name = writtenKey(command, input);
    if (!name) return;
    const before = this.#items.get(name);
    // A refused write has the size of the item that is there.
    const after = output ? itemAfter(command, input, before) : before;
    if (after) this.#items.set(name, after);
    else this.#items.delete(name);
    this.count(before, after);
  }

  /** An item was written, or removed (nothing after), or a condition found it as it was. */
  count(before: StoredItem | undefined, after: StoredItem | undefined): void {
    const item = after ?? before;
    if (!item || isLeaseItem(item)) return;
    const bytes = Math.max(size(before), size(after));
    for (let write = 0; write < writes(item, after); write += 1) this.#add(kindOf(item), bytes);
    for (const index of INDEXES) {
      for (const copy of copies(index, before, after)) this.#add('indexes', copy);
    }
  }

  /** One write of so many bytes. */
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

/** What an update's SET gives its attributes; this project writes no other kind. */
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

/** The index row of a watch goes a minute after it: its removal is counted with its writing. */
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

/** Bytes of each write that one index makes for a write of an item. */
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

/** What an index holds of an item, or nothing if the item lacks the index's keys. */
function copyOf(index: IndexDefinition, item: StoredItem): StoredItem | undefined {
  const keys = [index.partition, index.sort];
  if (keys.some((name) => item[name] === undefined)) return undefined;
  const names = new Set([...keys, attribute.partition, attribute.sort, ...INDEXED_FIELDS]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

function size(item: StoredItem | undefined): number {
  return item ? itemBytes(item) : 0;
}
