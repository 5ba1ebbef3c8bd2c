import { BackendError } from '@a2a-aws/core';
import { tracedClient } from '@a2a-aws/core/internal';
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  QueryCommand,
  type QueryCommandInput,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { dynamoDBError, isConditionFailed, translated } from './dynamodb-error.ts';
import type { Item } from './item.ts';
import type { ItemKey } from './keys.ts';
import { plainItem, type StoredAttributes } from './plain-item.ts';
import { checkTable } from './table-check.ts';
import { attribute, type IndexDefinition } from './table-definition.ts';

/** The part of the document client that is used here. */
export type TableClient = Pick<DynamoDBDocumentClient, 'send'>;

/** One range of one partition of the table. */
export interface Range {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
  /** Reads the highest sort key first. */
  readonly reverse?: boolean;
  /** The maximum number of items to read in one call. */
  readonly pageSize?: number;
}

/** The part of a range that one call returns, at most a megabyte. */
export interface Page {
  readonly items: readonly Item[];
  /** The start of the next page; `undefined` for the last page. */
  readonly next?: QueryCommandInput['ExclusiveStartKey'];
}

/** Items of one partition of an index. */
export interface IndexQuery {
  readonly index: IndexDefinition;
  readonly partition: string;
  /** Only sort keys above this. */
  readonly above?: string | undefined;
  /** The attributes to read, and those that a filter may name. */
  readonly fields: readonly string[];
  readonly filter: Condition;
}

/** A condition on the stored item; `#name` and `:name` stand for `names` and `values`. */
export interface Condition {
  readonly expression: string;
  readonly names?: readonly string[];
  readonly values?: Readonly<Record<string, unknown>>;
}

/** The result of a conditional update: the item before it, or the item that refused it. */
export type Updated = { readonly before: Item } | { readonly refused: Item };

/** The few DynamoDB calls that this package makes. All reject with coded errors. */
export class Table {
  readonly #client: TableClient;
  readonly #name: string;
  #arn: Promise<string> | undefined;

  /** Throws `configuration` if the name is empty, most often because of an unset variable. */
  constructor(client: TableClient, name: string) {
    if (!name) throw new BackendError('configuration', 'No table is named: tableName is empty.');
    this.#client = tracedClient(client);
    this.#name = name;
  }

  /** Rejects with `table-not-found`, or with the errors of {@link checkTable}. */
  async check(): Promise<void> {
    checkTable(await this.#describe());
  }

  /**
   * Resolves with the table's ARN, which is requested only once. For an emulator without ARNs it is
   * the table's name.
   */
  arn(): Promise<string> {
    this.#arn ??= this.#describe().then(
      ({ TableArn }) => TableArn ?? this.#name,
      (error: unknown) => {
        this.#arn = undefined;
        throw error;
      },
    );
    return this.#arn;
  }

  /**
   * Resolves with true if DynamoDB deletes expired items, with `undefined` if that cannot be
   * determined.
   */
  async deletesExpired(): Promise<boolean | undefined> {
    try {
      const { TimeToLiveDescription: found = {} } = await this.#client.send(
        new DescribeTimeToLiveCommand({ TableName: this.#name }),
      );
      const isOn = found.TimeToLiveStatus === 'ENABLED' || found.TimeToLiveStatus === 'ENABLING';
      return isOn && found.AttributeName === attribute.expires;
    } catch {
      return undefined;
    }
  }

  /** Returns the items of a range, strongly consistent, read page by page. */
  range(range: Range): AsyncIterable<Item> {
    return inTurn((after) => this.page(range, after));
  }

  /**
   * Resolves with one page of a range, strongly consistent: the first, or the one after `after`.
   */
  page(range: Range, after?: Page['next']): Promise<Page> {
    const { partition, from, to, reverse = false, pageSize } = range;
    return this.#query({
      ConsistentRead: true,
      ScanIndexForward: !reverse,
      Limit: pageSize,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
      ExpressionAttributeValues: marshall({ ':pk': partition, ':from': from, ':to': to }),
      ExclusiveStartKey: after,
    });
  }

  /**
   * Returns the items of a partition of an index, highest sort key first. May lag behind the table.
   */
  index({ index, partition, above, fields, filter }: IndexQuery): AsyncIterable<Item> {
    const names = [...new Set([index.partition, index.sort, ...fields])];
    return inTurn((after) =>
      this.#query({
        IndexName: index.name,
        ScanIndexForward: false,
        KeyConditionExpression: [
          `#${index.partition} = :partition`,
          ...(above === undefined ? [] : [`#${index.sort} > :above`]),
        ].join(' AND '),
        FilterExpression: filter.expression,
        ProjectionExpression: fields.map((name) => `#${name}`).join(', '),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: marshall(
          { ':partition': partition, ':above': above, ...placeholders(filter.values) },
          { removeUndefinedValues: true },
        ),
        ExclusiveStartKey: after,
      }),
    );
  }

  /** Resolves with the item, strongly consistent; `undefined` if there is none. */
  async get(key: ItemKey): Promise<Item | undefined> {
    const read = await translated(
      this.#client.send(new GetCommand({ TableName: this.#name, Key: key, ConsistentRead: true })),
    );
    return read.Item;
  }

  async put(item: Item): Promise<void> {
    await translated(this.#client.send(new PutCommand({ TableName: this.#name, Item: item })));
  }

  /** Writes the item if its key is free; otherwise resolves with the existing item. */
  async putNew(key: ItemKey, fields: Item): Promise<Item | undefined> {
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#name,
          Item: { ...key, ...fields },
          ConditionExpression: 'attribute_not_exists(sk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return undefined;
    } catch (error) {
      return await this.#found(error, key);
    }
  }

  /**
   * Sets fields of an item, and removes those that are `undefined`, if the item meets `condition`.
   */
  async update(key: ItemKey, fields: Item, condition: Condition): Promise<Updated> {
    const all = Object.keys(fields);
    const names = all.filter((name) => fields[name] !== undefined);
    const removed = all.filter((name) => fields[name] === undefined).map((name) => `#${name}`);
    const used = [...new Set([...all, ...(condition.names ?? [])])];
    try {
      const updated = await this.#client.send(
        new UpdateCommand({
          TableName: this.#name,
          Key: key,
          UpdateExpression: [
            `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
            ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
          ].join(' '),
          ConditionExpression: condition.expression,
          ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: {
            ...Object.fromEntries(names.map((name) => [`:${name}`, fields[name]])),
            ...placeholders(condition.values),
          },
          ReturnValues: 'ALL_OLD',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { before: updated.Attributes ?? {} };
    } catch (error) {
      return { refused: await this.#found(error, key) };
    }
  }

  async remove(key: ItemKey): Promise<void> {
    await translated(this.#client.send(new DeleteCommand({ TableName: this.#name, Key: key })));
  }

  /**
   * Resolves with the item that failed a condition, empty if there was none. DynamoDB returns it in
   * the error; for dynalite it must be read.
   */
  async #found(error: unknown, key: ItemKey): Promise<Item> {
    if (!isConditionFailed(error)) throw dynamoDBError(error);
    return handedOver(error) ?? (await this.get(key)) ?? {};
  }

  async #describe(): Promise<TableDescription> {
    const command = new DescribeTableCommand({ TableName: this.#name });
    return (await translated(this.#client.send(command))).Table ?? {};
  }

  async #query(input: Omit<QueryCommandInput, 'TableName'>): Promise<Page> {
    // Does not use lib-dynamodb's command, which takes twice as long for a page as everything else
    // together.
    const page = await translated(
      this.#client.send(new QueryCommand({ TableName: this.#name, ...input })),
    );
    return { items: (page.Items ?? []).map(plainItem), next: page.LastEvaluatedKey };
  }
}

async function* inTurn(read: (after: Page['next']) => Promise<Page>): AsyncIterable<Item> {
  let after: Page['next'];
  do {
    const page = await read(after);
    yield* page.items;
    after = page.next;
  } while (after);
}

function placeholders(values: Condition['values'] = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]));
}

function handedOver(error: unknown): Item | undefined {
  const { Item: item } = error as { Item?: StoredAttributes };
  return item && plainItem(item);
}
