import {
  assertScope,
  assertTaskKey,
  type ListedTask,
  type LogRecord,
  type LogStorage,
  type PutOutcome,
  type Scope,
  type Slot,
  slotText,
  type TaskHead,
  type TaskKey,
} from '@a2a-aws/core';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { z } from 'zod';
import { dynamoDBError, isConditionFailed, translated } from './dynamodb-error.ts';
import { END, Keys, RECORDS } from './keys.ts';
import { fromRecordItem, toRecordItems } from './record-item.ts';
import { checkTable, type Item, query, readRange } from './table.ts';
import { CONTEXT_INDEX, OWNER_INDEX } from './table-definition.ts';

export interface DynamoDBStorageOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Begins every partition key: several agents share a table. */
  readonly prefix: string;
  /** Deflate records where that saves write units. @default true */
  readonly compress?: boolean | undefined;
}

const listedItem = z.object({
  tid: z.string(),
  ctx: z.string(),
  state: z.number(),
  ts: z.string(),
});

const partItem = z.object({ b: z.instanceof(Uint8Array) });
/** More pieces than any record has. */
const MAX_PARTS = 9999;

/** {@link LogStorage} on one DynamoDB table. */
export class DynamoDBLogStorage implements LogStorage {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #keys: Keys;
  readonly #compress: boolean;

  constructor(options: DynamoDBStorageOptions) {
    this.#client = options.client;
    this.#table = options.tableName;
    this.#keys = new Keys(options.prefix);
    this.#compress = options.compress ?? true;
  }

  check(): Promise<void> {
    return checkTable(this.#client, this.#table);
  }

  async putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome> {
    assertTaskKey(key);
    const items = toRecordItems(record, this.#compress);
    // Before the record: what names them must find them. Under its id, so a repetition is the same.
    for (const [at, part] of items.parts.entries()) {
      await this.#put({ ...this.#keys.part(key, record.id, at), v: 1, b: part });
    }
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { ...this.#keys.record(key, record.slot), ...items.record },
          ConditionExpression: 'attribute_not_exists(sk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { written: true };
    } catch (error) {
      if (!isConditionFailed(error)) throw dynamoDBError(error);
      const taken = await this.#record(key, await this.#taken(error, key, record.slot));
      if (taken.id !== record.id) await this.#removeParts(key, record.id, items.parts.length);
      return { taken };
    }
  }

  async load(key: TaskKey): Promise<LogRecord[]> {
    assertTaskKey(key);
    const items: Item[] = [];
    // Backwards: what is appended meanwhile is not seen, so that pages make one state of the log.
    for await (const item of readRange(this.#client, this.#table, {
      partition: this.#keys.task(key),
      from: RECORDS,
      to: 'task',
      reverse: true,
    })) {
      if (isRecord(item)) items.push(item);
    }
    return Promise.all(items.reverse().map((item) => this.#record(key, item)));
  }

  async *readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord> {
    assertTaskKey(key);
    for await (const item of readRange(this.#client, this.#table, {
      partition: this.#keys.task(key),
      from: RECORDS + slotText(from),
      to: RECORDS + END,
    })) {
      yield await this.#record(key, item);
    }
  }

  async putHead(key: TaskKey, head: TaskHead): Promise<void> {
    assertTaskKey(key);
    const fields: Item = {
      v: 1,
      slot: slotText(head.slot),
      tid: head.taskId,
      // Half a character is not UTF-8: the log has it as it was written.
      ctx: head.contextId.toWellFormed(),
      state: head.state,
      ts: head.timestamp.toWellFormed(),
      ...this.#keys.headIndex(key, head),
    };
    const names = Object.keys(fields);
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: this.#keys.head(key),
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: 'attribute_not_exists(#slot) OR #slot < :slot',
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(
            names.map((name) => [`:${name}`, fields[name]]),
          ),
        }),
      );
    } catch (error) {
      // A later status is there already, or this very one.
      if (!isConditionFailed(error)) throw dynamoDBError(error);
    }
  }

  async list(scope: Scope, contextId?: string): Promise<ListedTask[]> {
    assertScope(scope);
    const [index, partitions] =
      contextId === undefined
        ? [OWNER_INDEX, this.#keys.ownerShards(scope)]
        : [CONTEXT_INDEX, [this.#keys.context(scope, contextId)]];
    const shards = await Promise.all(
      partitions.map(async (partition) => {
        const listed: ListedTask[] = [];
        for await (const item of query(this.#client, {
          TableName: this.#table,
          IndexName: index.name,
          KeyConditionExpression: '#p = :p',
          ExpressionAttributeNames: { '#p': index.partition },
          ExpressionAttributeValues: { ':p': partition },
        })) {
          listed.push(toListed(item));
        }
        return listed;
      }),
    );
    return shards.flat();
  }

  #record(key: TaskKey, item: Item): Promise<LogRecord> {
    return fromRecordItem(item, (id) => this.#readParts(key, id));
  }

  async #readParts(key: TaskKey, recordId: string): Promise<Uint8Array[]> {
    const parts: Uint8Array[] = [];
    for await (const item of readRange(this.#client, this.#table, {
      partition: this.#keys.task(key),
      from: this.#keys.part(key, recordId, 0).sk,
      to: this.#keys.part(key, recordId, MAX_PARTS).sk,
    })) {
      parts.push(partItem.parse(item).b);
    }
    return parts;
  }

  /** Another's record won the slot: the pieces of ours belong to nothing. */
  async #removeParts(key: TaskKey, recordId: string, count: number): Promise<void> {
    for (let at = 0; at < count; at += 1) {
      await translated(
        this.#client.send(
          new DeleteCommand({ TableName: this.#table, Key: this.#keys.part(key, recordId, at) }),
        ),
      );
    }
  }

  async #put(item: Item): Promise<void> {
    await translated(this.#client.send(new PutCommand({ TableName: this.#table, Item: item })));
  }

  /** What is at the slot. DynamoDB hands it over with the refusal; dynalite must be asked. */
  async #taken(error: unknown, key: TaskKey, slot: Slot): Promise<Item> {
    const handed = (error as { Item?: Parameters<typeof unmarshall>[0] }).Item;
    if (handed) return unmarshall(handed);
    const read = await translated(
      this.#client.send(
        new GetCommand({
          TableName: this.#table,
          Key: this.#keys.record(key, slot),
          ConsistentRead: true,
        }),
      ),
    );
    return read.Item ?? {};
  }
}

function isRecord(item: Item): boolean {
  return typeof item.sk === 'string' && item.sk.startsWith(RECORDS);
}

function toListed(item: Item): ListedTask {
  const { tid, ctx, state, ts } = listedItem.parse(item);
  return { taskId: tid, contextId: ctx, state, timestamp: ts };
}
