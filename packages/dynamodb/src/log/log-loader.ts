import type {
  Compression,
  LogRecord,
  Slot,
  SnapshotName,
  StoredLog,
  StoredSnapshot,
  TaskHead,
  TaskKey,
} from '@a2a-aws/core';
import { compareSlots, FIRST_SLOT, mapConcurrent, Semaphore } from '@a2a-aws/core/internal';
import type { Item } from '../table/item.ts';
import { END, type ItemKey, type Keys, RECORDS, SNAPSHOTS } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import { fromHeadItem, snapshotOf } from './head-item.ts';
import { fromRecordItem, isErased, partBytes, recordBytes, recordSlot } from './record-item.ts';
import { PAGE_RECORDS, recordPages } from './record-pages.ts';
import { fromChunks } from './snapshot-chunks.ts';

/** How often a log is read again while a snapshot is replaced under the reader. */
const MAX_READS = 3;
/** Pieces of one record or snapshot that are read at once: each has up to 300 KB. */
const PIECES_AT_ONCE = 8;
/** Logs of more than a page that are read at once: a list may be of fifty, of any length. */
const LONG_LOGS_AT_ONCE = 4;
/**
 * The most items of the first page. It takes a log of a megabyte in records of a kilobyte; of shorter
 * ones, more would hold up the event loop while they are decoded.
 */
const FIRST_PAGE_ITEMS = 1_100;

/** The result of one backward read from the head. */
interface Newest {
  readonly head: TaskHead | undefined;
  readonly snapshot: SnapshotName | undefined;
  /** Chunks by sort key, those of other snapshots among them. */
  readonly chunks: ReadonlyMap<unknown, Item>;
  /** The last records, in slot order. */
  readonly records: readonly Item[];
  /** There are no records before these. */
  readonly isWhole: boolean;
}

/** Reads logs from the table. */
export class LogLoader {
  readonly #table: Table;
  readonly #keys: Keys;
  readonly #compression: Compression;
  readonly #longLogs = new Semaphore(LONG_LOGS_AT_ONCE);

  constructor(table: Table, keys: Keys, compression: Compression) {
    this.#table = table;
    this.#keys = keys;
    this.#compression = compression;
  }

  /**
   * Resolves with the log as it was when its end was read. One call is enough if all of it fits
   * into a page. Otherwise the records before that page are read forwards, several pages at once,
   * because no record is added there any more.
   */
  async load(key: TaskKey): Promise<StoredLog> {
    for (let reads = 1; ; reads += 1) {
      const newest = await this.#newest(key);
      const { head, snapshot: name } = newest;
      if (!name) return { head, records: this.#records(key, FIRST_SLOT, newest) };
      const snapshot = await this.#snapshot(key, name, newest.chunks);
      if (snapshot) return { head, snapshot, records: this.#records(key, name.slot, newest) };
      // The snapshot was replaced meanwhile, or it is lost. Then all records may still be there.
      if (reads === MAX_READS) return { head, records: this.#records(key, FIRST_SLOT, newest) };
    }
  }

  /** A record from its item; the pieces of a large one are read at once. */
  async record(key: TaskKey, item: Item): Promise<LogRecord> {
    const read = (stored: Item): Promise<LogRecord> =>
      fromRecordItem(
        stored,
        (id, count) =>
          this.#pieces(Array.from({ length: count }, (_, at) => this.#keys.part(key, id, at))),
        this.#compression,
      );
    try {
      return await read(item);
    } catch (error) {
      // An erasure empties a record before it removes the pieces: the record may be empty by now.
      const sk = String(item.sk);
      const now = 'x' in item ? await this.#table.get({ pk: this.#keys.task(key), sk }) : undefined;
      if (now && isErased(now)) return read(now);
      throw error;
    }
  }

  /** Reads backwards, so records that are appended meanwhile are not read. */
  async #newest(key: TaskKey): Promise<Newest> {
    const range = {
      partition: this.#keys.task(key),
      from: RECORDS,
      to: 'task',
      reverse: true,
      pageSize: FIRST_PAGE_ITEMS,
    };
    const page = await this.#table.page(range);
    const head = page.items.find(({ sk }) => sk === 'task');
    const chunks = page.items.filter(({ sk }) => String(sk).startsWith(SNAPSHOTS));
    // Chunks may fill a page: they are read by their keys, the records go on behind them.
    const onlyChunks = page.next && page.items.length === chunks.length + (head ? 1 : 0);
    const records = onlyChunks ? await this.#table.page({ ...range, to: RECORDS + END }) : page;
    return {
      head: head && fromHeadItem(head),
      snapshot: head && snapshotOf(head),
      chunks: new Map(chunks.map((chunk) => [chunk.sk, chunk])),
      records: records.items.filter(({ sk }) => String(sk).startsWith(RECORDS)).reverse(),
      isWhole: records.next === undefined,
    };
  }

  /** Resolves to the snapshot of this name, or to `undefined` if a chunk of it is missing. */
  async #snapshot(
    key: TaskKey,
    name: SnapshotName,
    chunks: Newest['chunks'],
  ): Promise<StoredSnapshot | undefined> {
    const keys = Array.from({ length: name.chunks }, (_, at) => this.#keys.chunk(key, name, at));
    const pieces = await this.#pieces(keys, chunks);
    if (pieces.length < keys.length) return undefined;
    return { id: name.id, slot: name.slot, bytes: await fromChunks(pieces, this.#compression) };
  }

  async *#records(key: TaskKey, from: Slot, newest: Newest): AsyncIterable<LogRecord> {
    const [oldest] = newest.records;
    const last = newest.records.at(-1);
    const before = oldest && recordSlot(oldest);
    if (before && last && !newest.isWhole && compareSlots(from, before) < 0) {
      const sample = {
        generations: recordSlot(last).generation - before.generation + 1,
        bytes: newest.records.reduce((sum, item) => sum + recordBytes(item), 0),
        records: newest.records.length,
      };
      const partition = this.#keys.task(key);
      const release = await this.#longLogs.acquire();
      try {
        const pages = recordPages({ from, before, sample }, (first, to, after) =>
          this.#table.page({ partition, from: first, to, pageSize: PAGE_RECORDS }, after),
        );
        for await (const items of pages) {
          for (const item of items) yield await this.record(key, item);
        }
      } finally {
        release();
      }
    }
    for (const item of newest.records) {
      if (compareSlots(recordSlot(item), from) >= 0) yield await this.record(key, item);
    }
  }

  /** The bytes at these keys, in their order, without those that are missing. */
  async #pieces(keys: readonly ItemKey[], known?: Newest['chunks']): Promise<Uint8Array[]> {
    const items = await mapConcurrent(
      keys,
      PIECES_AT_ONCE,
      async (at) => known?.get(at.sk) ?? (await this.#table.get(at)),
    );
    return items.flatMap((item) => (item ? [partBytes(item)] : []));
  }
}
