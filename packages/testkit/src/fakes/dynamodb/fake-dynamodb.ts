import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  QueryCommand as StoredQueryCommand,
  type QueryCommandInput as StoredQueryInput,
  type QueryCommandOutput as StoredQueryOutput,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DeleteCommandInput,
  type DeleteCommandOutput,
  type DynamoDBDocumentClient,
  GetCommand,
  type GetCommandInput,
  type GetCommandOutput,
  PutCommand,
  type PutCommandInput,
  type PutCommandOutput,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { type Commands, command, commandsClient } from '../commands-client.ts';
import { FAKE_ACCOUNT, FAKE_REGION } from '../messaging/fake-sqs.ts';
import { FakeServiceError, invalid } from '../service-fault.ts';
import type { Wire } from '../wire.ts';
import { itemBytes, type StoredItem } from './attribute.ts';
import { readUnits, refusedUnits, writeUnits } from './capacity.ts';
import { holds, parseCondition } from './condition.ts';
import { Placeholders } from './expression-reader.ts';
import { FakeTable, type PlainKey } from './fake-table.ts';
import { fromStored, toStored } from './marshalling.ts';
import { queryPage } from './query.ts';
import { parseUpdate } from './update.ts';

export interface FakeDynamoDBOptions {
  /** Tables that are there from the start. */
  readonly tables?: readonly CreateTableCommandInput[] | undefined;
  /**
   * Bytes of items after which a page of a query ends: fewer show that pages are no snapshot.
   * @default 1 MB, as DynamoDB's
   */
  readonly pageBytes?: number | undefined;
  /** Called at every write, also if the caller gets an error. */
  readonly onWrite?: ((write: FakeWrite) => void) | undefined;
}

/** One item's change; attributes as DynamoDB holds them. */
export interface FakeWrite {
  readonly caller: string;
  /** The table's name. */
  readonly table: string;
  readonly before: StoredItem | undefined;
  /** Nothing: it was deleted. */
  readonly after: StoredItem | undefined;
}

type Metadata = { readonly $metadata: Record<string, never> };
const OK: Metadata = { $metadata: {} };

/** The fields that writes with a condition share. */
interface Conditional {
  readonly ConditionExpression?: string | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
}

/**
 * DynamoDB in this process, at the document client's `send`: Put, Get, Update, Delete and Query on
 * tables with string keys, their indexes, sizes, pages, conditions and units. It has no
 * transactions, batches and nested paths, and refuses unknown input.
 */
export class FakeDynamoDB {
  readonly tables: Map<string, FakeTable> = new Map();
  readonly #wire: Wire;
  readonly #pageBytes: number;
  readonly #onWrite: ((write: FakeWrite) => void) | undefined;
  readonly #commands: Commands;

  constructor(wire: Wire, options: FakeDynamoDBOptions = {}) {
    const { tables = [], pageBytes = 1024 * 1024, onWrite } = options;
    this.#wire = wire;
    this.#onWrite = onWrite;
    this.#pageBytes = pageBytes;
    for (const definition of tables) this.#createTable(definition);
    this.#commands = new Map([
      command(CreateTableCommand, 'CreateTable', true, (input) => this.#createTable(input)),
      command(DescribeTableCommand, 'DescribeTable', false, (input) => this.#describe(input)),
      command(PutCommand, 'PutItem', true, (input, { caller }) => this.#put(input, caller)),
      command(GetCommand, 'GetItem', false, (input) => this.#get(input)),
      command(UpdateCommand, 'UpdateItem', true, (input, { caller }) =>
        this.#update(input, caller),
      ),
      command(DeleteCommand, 'DeleteItem', true, (input, { caller }) =>
        this.#delete(input, caller),
      ),
      command(QueryCommand, 'Query', false, (input) => this.#query(input)),
      command(StoredQueryCommand, 'Query', false, (input) => this.#storedQuery(input)),
    ]);
  }

  /** A client of this service; fault plans know it by the caller's name. */
  client(caller = ''): Pick<DynamoDBDocumentClient, 'send'> {
    return commandsClient(this.#wire, 'dynamodb', caller, this.#commands);
  }

  /** The items of one table, or of all, as the document client would give them, past all faults. */
  *items(name?: string): IterableIterator<Record<string, unknown>> {
    const tables = name === undefined ? this.tables.values() : [this.#table(name)];
    for (const table of tables) {
      for (const item of table.items()) yield fromStored(item);
    }
  }

  /** Makes a table with the items that another one has now, as a restored backup is one. */
  copyTable(from: string, to: string): void {
    const source = this.#table(from);
    this.#createTable({ ...source.definition, TableName: to });
    const copy = this.#table(to);
    for (const item of source.items()) copy.set(copy.keyOf(item), item);
  }

  #createTable(definition: CreateTableCommandInput): Metadata & {
    TableDescription: TableDescription;
  } {
    const name = definition.TableName ?? '';
    if (this.tables.has(name)) {
      throw new FakeServiceError('ResourceInUseException', 'Table already exists.', 400);
    }
    this.tables.set(name, new FakeTable(definition, this.#wire.clock, this.#wire.faults));
    return { ...OK, TableDescription: this.#description(name) };
  }

  #describe(input: { TableName?: string | undefined }): Metadata & { Table: TableDescription } {
    this.#table(input.TableName);
    return { ...OK, Table: this.#description(input.TableName ?? '') };
  }

  #description(name: string): TableDescription {
    const { definition } = this.#table(name);
    return {
      TableName: name,
      TableArn: `arn:aws:dynamodb:${FAKE_REGION}:${FAKE_ACCOUNT}:table/${name}`,
      TableStatus: 'ACTIVE',
      KeySchema: definition.KeySchema,
      AttributeDefinitions: definition.AttributeDefinitions,
      GlobalSecondaryIndexes: definition.GlobalSecondaryIndexes?.map((index) => ({
        ...index,
        IndexStatus: 'ACTIVE',
      })),
    };
  }

  #put(input: PutCommandInput, caller: string): PutCommandOutput {
    const table = this.#table(input.TableName);
    const item = toStored(input.Item ?? {});
    const key = table.keyOf(item);
    const before = this.#checked('PutItem', table, key, input, placeholdersOf(input));
    this.#write('PutItem', table, key, { caller, before, after: item });
    const all = input.ReturnValues === 'ALL_OLD' && before;
    return { ...OK, ...(all ? { Attributes: fromStored(before) } : {}) };
  }

  #update(input: UpdateCommandInput, caller: string): UpdateCommandOutput {
    const table = this.#table(input.TableName);
    const keys = toStored(input.Key ?? {});
    const key = table.keyOf(keys);
    const placeholders = placeholdersOf(input);
    const change = parseUpdate(input.UpdateExpression ?? '', placeholders);
    const before = this.#checked('UpdateItem', table, key, input, placeholders);
    const after = change(before ?? keys);
    if (!isSameKey(table.keyOf(after), key)) throw invalid('This attribute is part of the key.');
    this.#write('UpdateItem', table, key, { caller, before, after });
    switch (input.ReturnValues) {
      case 'ALL_OLD':
        return { ...OK, ...(before ? { Attributes: fromStored(before) } : {}) };
      case 'ALL_NEW':
        return { ...OK, Attributes: fromStored(after) };
      default:
        return { ...OK };
    }
  }

  #delete(input: DeleteCommandInput, caller: string): DeleteCommandOutput {
    const table = this.#table(input.TableName);
    const key = table.keyOf(toStored(input.Key ?? {}));
    const before = this.#checked('DeleteItem', table, key, input, placeholdersOf(input));
    this.#write('DeleteItem', table, key, { caller, before, after: undefined });
    const all = input.ReturnValues === 'ALL_OLD' && before;
    return { ...OK, ...(all ? { Attributes: fromStored(before) } : {}) };
  }

  #get(input: GetCommandInput): GetCommandOutput {
    const table = this.#table(input.TableName);
    const item = table.get(table.keyOf(toStored(input.Key ?? {})));
    const bytesOut = item ? itemBytes(item) : 0;
    this.#wire.meter.spent('dynamodb', 'GetItem', {
      bytesOut,
      readUnits: readUnits(bytesOut, input.ConsistentRead === true),
    });
    return { ...OK, ...(item ? { Item: fromStored(item) } : {}) };
  }

  #query(input: QueryCommandInput): QueryCommandOutput {
    const page = queryPage(this.#table(input.TableName), input, this.#pageBytes);
    const cost = { bytesOut: page.bytes, readUnits: page.units };
    this.#wire.meter.spent('dynamodb', 'Query', cost);
    return { ...OK, ...page.output };
  }

  /** A query as DynamoDB's own client sends it; a document client passes it on. */
  #storedQuery({
    ExpressionAttributeValues: values = {},
    ExclusiveStartKey: after,
    ...input
  }: StoredQueryInput): StoredQueryOutput {
    const {
      Items = [],
      LastEvaluatedKey: next,
      ...output
    } = this.#query({
      ...input,
      ExpressionAttributeValues: fromStored(values),
      ExclusiveStartKey: after && fromStored(after),
    } as QueryCommandInput);
    return {
      ...output,
      Items: Items.map(toStored),
      LastEvaluatedKey: next && toStored(next),
    };
  }

  #table(name: string | undefined): FakeTable {
    const table = this.tables.get(name ?? '');
    if (table) return table;
    const text = 'Requested resource not found';
    throw new FakeServiceError('ResourceNotFoundException', text, 400);
  }

  /** The item that is there, if the request's condition holds for it. */
  #checked(
    operation: string,
    table: FakeTable,
    key: PlainKey,
    input: Conditional,
    placeholders: Placeholders,
  ): StoredItem | undefined {
    const before = table.get(key);
    const condition =
      input.ConditionExpression && parseCondition(input.ConditionExpression, placeholders);
    placeholders.assertAllUsed();
    if (!condition || holds(condition, before)) return before;
    this.#wire.meter.spent('dynamodb', operation, { writeUnits: refusedUnits(before) });
    const isShown = before && input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    throw new ConditionalCheckFailedException({
      message: 'The conditional request failed',
      $metadata: { httpStatusCode: 400 },
      ...(isShown ? { Item: { ...before } } : {}),
    });
  }

  #write(
    operation: string,
    table: FakeTable,
    key: PlainKey,
    write: Omit<FakeWrite, 'table'>,
  ): void {
    const { before, after } = write;
    table.set(key, after);
    this.#wire.meter.spent('dynamodb', operation, {
      bytesIn: after ? itemBytes(after) : 0,
      writeUnits: writeUnits(before, after, table.indexes),
    });
    this.#onWrite?.({ ...write, table: table.definition.TableName ?? '' });
  }
}

function placeholdersOf(input: {
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Record<string, unknown> | undefined;
}): Placeholders {
  return new Placeholders(
    input.ExpressionAttributeNames,
    toStored(input.ExpressionAttributeValues ?? {}),
  );
}

function isSameKey(a: PlainKey, b: PlainKey): boolean {
  return a.partition === b.partition && a.sort === b.sort;
}
