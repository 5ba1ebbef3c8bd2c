import type {
  Compression,
  Generation,
  ListedTask,
  ListFilter,
  Logger,
  LogRecord,
  LogStorage,
  PutOutcome,
  Scope,
  Slot,
  Snapshot,
  SnapshotName,
  SnapshotOutcome,
  StoredLog,
  TaskHead,
  TaskKey,
} from '@a2a-aws/core';
import {
  assertScope,
  assertTaskKey,
  checkedRetention,
  errorFields,
  expiresAt,
  holds,
  Semaphore,
  slotText,
  stderrLogger,
  systemCompression,
} from '@a2a-aws/core/internal';
import {
  fromHeadItem,
  fromListedItem,
  snapshotOf,
  toHeadItem,
  toPointer,
} from './log/head-item.ts';
import { listedItems } from './log/listed-items.ts';
import { LogLoader } from './log/log-loader.ts';
import { erasedItem, toRecordItems } from './log/record-item.ts';
import { PAGE_RECORDS } from './log/record-pages.ts';
import { toChunks } from './log/snapshot-chunks.ts';
import type { Item } from './table/item.ts';
import {
  CONFIGS,
  CONSUMERS,
  END,
  type ItemKey,
  Keys,
  PIECES,
  prefixRange,
  RECORDS,
  SNAPSHOTS,
} from './table/keys.ts';
import { ITEM_VERSION } from './table/stored-item.ts';
import { Table, type TableClient } from './table/table.ts';
import { CONTEXT_INDEX, OWNER_INDEX } from './table/table-definition.ts';

export interface DynamoDBStorageOptions {
  readonly client: TableClient;
  readonly tableName: string;
  /** Begins every partition key: several agents share a table. */
  readonly prefix: string;
  /** Deflate records where that saves write units. @default true */
  readonly compress?: boolean | undefined;
  /** @default node's zlib */
  readonly compression?: Compression | undefined;
  /**
   * The number of partitions of the index over which an owner's tasks are spread, 1 to 64. Each
   * accepts about 500 changes of status a second, and costs lists one query. All instances must
   * have the same number. It may grow, because lists also read the older shards. While instances
   * with the smaller number run, their lists lack tasks of the new shards. It must not shrink:
   * tasks in shards that are no longer read are on no list until their status changes.
   * @default 4
   */
  readonly ownerShards?: number | undefined;
  /** How long tasks stay visible, a day or more; items may be deleted after twice as long. @default 30 days */
  readonly retentionMs?: number | undefined;
  /** @default JSON lines on stderr, warnings and errors only */
  readonly logger?: Logger | undefined;
}

/** Neither a deleted task's nor of another version. */
const WRITABLE_HEAD = 'attribute_not_exists(#gone) AND (attribute_not_exists(#v) OR #v = :v)';
/** At the same slot, too: a task that is worked on in silence is renewed. */
const LATER_SNAPSHOT =
  '(attribute_not_exists(#sslot) OR #sslot < :sslot OR (#sslot = :sslot AND #expires < :expires))';
/** Lists at once: decoding a page of an index, a megabyte, keeps the event loop for some 50 ms. */
const LISTS_WIDTH = 4;
/** No slot has a higher part: its text has six digits for it. */
const MAX_PART = 999_999;

/** {@link LogStorage} on one DynamoDB table. */
export class DynamoDBLogStorage implements LogStorage {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #loader: LogLoader;
  readonly #compression: Compression;
  readonly #compress: boolean;
  readonly #retentionMs: number;
  readonly #logger: Logger;
  readonly #lists = new Semaphore(LISTS_WIDTH);

  constructor(options: DynamoDBStorageOptions) {
    this.#table = new Table(options.client, options.tableName);
    this.#keys = new Keys(options.prefix, options.ownerShards);
    this.#compression = options.compression ?? systemCompression;
    this.#loader = new LogLoader(this.#table, this.#keys, this.#compression);
    this.#compress = options.compress ?? true;
    this.#retentionMs = checkedRetention(options.retentionMs);
    this.#logger = options.logger ?? stderrLogger;
  }

  /** Also warns, once, if DynamoDB does not delete expired items. */
  async check(): Promise<void> {
    await this.#table.check();
    if ((await this.#table.deletesExpired()) === false) this.#logger.warn('table.keeps-expired');
  }

  async putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome> {
    assertTaskKey(key);
    const { fields, parts } = toRecordItems(record, this.#compress ? this.#compression : undefined);
    const expires = expiresAt(record.time, this.#retentionMs);
    // Before the record, because the record names them. Under its id, so that a repeated write is
    // the same.
    for (const [at, part] of parts.entries()) {
      await this.#table.put({
        ...this.#keys.part(key, record.id, at),
        v: ITEM_VERSION,
        b: part,
        expires,
      });
    }
    const found = await this.#table.putNew(this.#keys.record(key, record.slot), {
      ...fields,
      expires,
    });
    if (!found) return { written: true };
    const taken = await this.#loader.record(key, found);
    if (taken.id !== record.id) {
      for (const at of parts.keys()) await this.#table.remove(this.#keys.part(key, record.id, at));
    }
    return { taken };
  }

  async load(key: TaskKey): Promise<StoredLog> {
    assertTaskKey(key);
    return this.#loader.load(key);
  }

  async *readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord> {
    assertTaskKey(key);
    for await (const item of this.#table.range({
      partition: this.#keys.task(key),
      from: RECORDS + slotText(from),
      to: RECORDS + END,
      pageSize: PAGE_RECORDS,
    })) {
      yield await this.#loader.record(key, item);
    }
  }

  async findRecord(key: TaskKey, generation: Generation): Promise<LogRecord | undefined> {
    assertTaskKey(key);
    // No slot between an event's record and the next generation: it is the last one up to there.
    for await (const item of this.#table.range({
      partition: this.#keys.task(key),
      from: RECORDS,
      to: RECORDS + slotText({ generation, part: MAX_PART }),
      reverse: true,
      pageSize: 1,
    })) {
      const record = await this.#loader.record(key, item);
      return holds(record, generation) ? record : undefined;
    }
    return undefined;
  }

  async putHead(key: TaskKey, head: TaskHead): Promise<void> {
    assertTaskKey(key);
    const item = {
      ...toHeadItem(head),
      ...this.#keys.headIndex(key, head),
      expires: expiresAt(head.writtenAtMs, this.#retentionMs),
    };
    const updated = await this.#table.update(this.#keys.head(key), item, {
      expression: `(attribute_not_exists(#slot) OR #slot < :slot) AND ${WRITABLE_HEAD}`,
      names: ['gone'],
    });
    // Refused: a later status is there already, or this very one.
    if ('refused' in updated) fromHeadItem(updated.refused);
  }

  async putSnapshot(key: TaskKey, snapshot: Snapshot, now: number): Promise<SnapshotOutcome> {
    const expires = expiresAt(now, this.#retentionMs);
    const chunks = await toChunks(snapshot.text, this.#compression);
    for (const [at, bytes] of chunks.entries()) {
      await this.#table.put({
        ...this.#keys.chunk(key, snapshot, at),
        v: ITEM_VERSION,
        b: bytes,
        expires,
      });
    }
    // Before the pointer: an interrupted renewal is repeated with the next snapshot, which is due
    // at once.
    await this.#renewConfigs(key, expires);
    const name: SnapshotName = { id: snapshot.id, slot: snapshot.slot, chunks: chunks.length };
    const updated = await this.#table.update(
      this.#keys.head(key),
      { ...toPointer(name), expires },
      {
        expression: `attribute_exists(sk) AND ${LATER_SNAPSHOT} AND ${WRITABLE_HEAD}`,
        names: ['gone', 'v'],
        values: { v: ITEM_VERSION },
      },
    );
    if ('before' in updated) return { obsolete: snapshotOf(updated.before) };
    // Refused: there is no head, a later one is there, or this very one, from a try that got no answer.
    const isThere =
      updated.refused.v !== undefined && snapshotOf(updated.refused)?.id === snapshot.id;
    return isThere ? {} : { obsolete: name };
  }

  async dropSnapshot(key: TaskKey, name: SnapshotName): Promise<void> {
    for (let at = 0; at < name.chunks; at += 1) {
      await this.#table.remove(this.#keys.chunk(key, name, at));
    }
  }

  async erase(key: TaskKey): Promise<void> {
    const partition = this.#keys.task(key);
    // Off the lists first; a head stays, or is made, so that no late write makes another.
    const expires = await this.#expires(key);
    await this.#table.put({
      ...this.#keys.head(key),
      v: ITEM_VERSION,
      slot: END,
      gone: true,
      expires,
    });
    for (const begin of [RECORDS, SNAPSHOTS, PIECES, CONFIGS, CONSUMERS]) {
      for await (const item of this.#table.range({ partition, ...prefixRange(begin) })) {
        const at: ItemKey = { pk: partition, sk: String(item.sk) };
        if (begin === RECORDS) await this.#table.put({ ...at, ...erasedItem(item) });
        else await this.#table.remove(at);
      }
    }
  }

  async list(scope: Scope, filter: ListFilter, each: (task: ListedTask) => void): Promise<void> {
    assertScope(scope);
    const { contextId } = filter;
    const [index, partitions] =
      contextId === undefined
        ? [OWNER_INDEX, this.#keys.ownerShards(scope)]
        : [CONTEXT_INDEX, [this.#keys.context(scope, contextId)]];
    await this.#lists.run(() =>
      Promise.all(
        partitions.map(async (partition) => {
          const query = listedItems(index, partition, filter);
          for await (const item of this.#table.index(query)) {
            const listed = this.#listed(item);
            if (listed) each(listed);
          }
        }),
      ),
    );
  }

  /** Returns `undefined` for a head that cannot be read: it takes no other task off a list. */
  #listed(item: Item): ListedTask | undefined {
    try {
      return fromListedItem(item);
    } catch (error) {
      this.#logger.warn('list.task-left-out', errorFields(error));
      return undefined;
    }
  }

  /** The push configs of a task live as long as the part of its log that it needs. */
  async #renewConfigs(key: TaskKey, expires: number): Promise<void> {
    const range = { partition: this.#keys.task(key), ...prefixRange(CONFIGS) };
    for await (const { sk } of this.#table.range(range)) {
      const at: ItemKey = { pk: range.partition, sk: String(sk) };
      // One that was deleted meanwhile does not come back.
      await this.#table.update(at, { expires }, { expression: 'attribute_exists(sk)' });
    }
  }

  /** When the last record may be deleted; the head, if no record is left. */
  async #expires(key: TaskKey): Promise<unknown> {
    for await (const { expires } of this.#table.range({
      partition: this.#keys.task(key),
      from: RECORDS,
      to: RECORDS + END,
      reverse: true,
      pageSize: 1,
    })) {
      return expires;
    }
    const { expires }: Item = (await this.#table.get(this.#keys.head(key))) ?? {};
    return expires;
  }
}
