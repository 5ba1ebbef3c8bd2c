import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { LogReader } from '../../src/log/log-reader.ts';
import { Fold } from '../../src/model/fold.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { compareSlots, FIRST_SLOT, nextSlot, type Slot } from '../../src/model/slot.ts';
import type { StoredLog } from '../../src/ports/log-storage.ts';
import { KEY } from '../fixtures/events.ts';
import { logOf, start } from '../fixtures/records.ts';
import { snapshotOf } from '../fixtures/snapshots.ts';
import { noAnswer, WrappedStorage } from '../fixtures/wrapped-storage.ts';

const records = logOf([start('a')], [start('b')], [start('c')], [start('d')]);

/** A storage that reports each record that is read from its logs. */
class LazyStorage extends WrappedStorage {
  readonly given: string[] = [];
  onRecord: (record: LogRecord) => Promise<void> = async () => {};

  override async load(): Promise<StoredLog> {
    const log = await super.load(KEY);
    return { ...log, records: this.#told(log.records) };
  }

  async *#told(read: AsyncIterable<LogRecord>): AsyncIterable<LogRecord> {
    for await (const record of read) {
      await this.onRecord(record);
      this.given.push(record.id);
      yield record;
    }
  }
}

let storage: LazyStorage;
let clock: TestClock;
let next: Slot;
let folded: string[];
let reader: LogReader;

beforeEach(async () => {
  storage = new LazyStorage();
  clock = new TestClock();
  next = FIRST_SLOT;
  folded = [];
  for (const record of records) await storage.putRecord(KEY, record);
  reader = new LogReader(
    KEY,
    {
      next: () => next,
      begin: () => next,
      compared: () => true,
      restart: () => {},
      done: () => {},
      absorb: (record) => {
        const order = compareSlots(record.slot, next);
        if (order === 0) {
          folded.push(record.id);
          next = nextSlot(record.slot, 0);
        }
        return order <= 0;
      },
      restore: ({ state }) => {
        folded.push(`snapshot at ${state.writtenAtMs}`);
        next = records[2]?.slot ?? FIRST_SLOT;
      },
    },
    { storage, clock, retentionMs: DEFAULT_RETENTION_MS },
  );
});

const ids = (some: readonly LogRecord[] = records): string[] => some.map(({ id }) => id);

describe('a log that is read', () => {
  test('is folded record by record, and keeps none of them', async () => {
    storage.onRecord = async () => {
      expect(folded).toEqual(storage.given);
    };
    await reader.refresh(true);
    expect(folded).toEqual(ids());
    expect(reader.isRead).toBe(true);
  });

  test('[I3] continues at its place after an interrupted read', async () => {
    storage.onRecord = async ({ id }) => {
      if (id === records[2]?.id) throw noAnswer();
    };
    await expect(reader.refresh(true)).rejects.toMatchObject({ code: 'unreachable' });
    expect(folded).toEqual(ids(records.slice(0, 2)));
    expect(reader.isRead).toBe(false);
    storage.onRecord = async () => {};
    await reader.refresh(true);
    expect(folded).toEqual(ids());
    expect(reader.isRead).toBe(true);
  });

  test('is read from its snapshot on, if there is one', async () => {
    const slot = records[2]?.slot ?? FIRST_SLOT;
    const whole = await storage.memory.load(KEY);
    storage.onRead = async <T>() =>
      ({ ...whole, snapshot: { id: 's', slot, bytes: Buffer.from(snapshotOf(new Fold())) } }) as T;
    await reader.refresh(true);
    expect(folded).toEqual(['snapshot at 0', ...ids(records.slice(2))]);
  });

  test('is not read at all once its head shows that it has expired', async () => {
    const whole = await storage.memory.load(KEY);
    const head = {
      taskId: 'task-1',
      contextId: 'c',
      state: 3,
      timestamp: '',
      writtenAtMs: 1,
      slot: next,
    };
    storage.onRead = async <T>() => ({ ...whole, head }) as T;
    await reader.refresh(true);
    expect([storage.given, folded, reader.isGone]).toEqual([[], [], true]);
  });
});
