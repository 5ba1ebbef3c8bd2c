import { describe, expect, test } from 'vitest';
import type { LogRecord } from '../../src/model/record.ts';
import { compareSlots, type Slot, slotAt } from '../../src/model/slot.ts';
import type { LogStorage } from '../../src/ports/log-storage.ts';
import { PastRecords } from '../../src/reading/past-records.ts';
import { RECENT_BYTES } from '../../src/reading/recent-records.ts';

const KEY = { tenant: '', owner: 'me', taskId: 'task-1' };

/** A record with one event at this generation. */
function recordAt(generation: number, bytes = 1): LogRecord {
  const record = {
    slot: slotAt(generation),
    body: new Uint8Array(bytes),
    entries: [{ kind: 'event' }],
  };
  return record as unknown as LogRecord;
}

/** A table with records, which counts its reads and those that are open. */
class Table {
  records: LogRecord[];
  reads = 0;
  open = 0;
  fails = false;

  constructor(count: number, bytes = 1) {
    this.records = Array.from({ length: count }, (_, at) => recordAt(at + 1, bytes));
  }

  past(): PastRecords {
    return new PastRecords(KEY, this as unknown as LogStorage);
  }

  async *readRecords(_: unknown, from: Slot): AsyncGenerator<LogRecord, void, undefined> {
    this.reads += 1;
    this.open += 1;
    // A read sees what was there when it began.
    const records = [...this.records];
    try {
      for (const record of records) {
        if (this.fails) throw new Error('The table does not answer.');
        if (compareSlots(record.slot, from) >= 0) yield record;
      }
    } finally {
      this.open -= 1;
    }
  }
}

describe('[I8] past records', () => {
  test('are read once for readers that are at the same place', async () => {
    const table = new Table(3);
    const past = table.past();
    const readers = Array.from({ length: 20 }, () => past.reader());
    for (const record of table.records) {
      const got = await Promise.all(readers.map((reader) => reader.at(record.slot)));
      expect(new Set(got)).toEqual(new Set([record]));
    }
    expect(table.reads).toBe(1);
  });

  test('are kept for a reader that comes a little later', async () => {
    const table = new Table(3);
    const past = table.past();
    const first = past.reader();
    for (const { slot } of table.records) await first.at(slot);
    const second = past.reader();
    for (const record of table.records) expect(await second.at(record.slot)).toBe(record);
    expect(table.reads).toBe(1);
  });

  test('are read again for a reader that comes too late', async () => {
    const table = new Table(4, RECENT_BYTES / 2);
    const past = table.past();
    const first = past.reader();
    for (const { slot } of table.records) await first.at(slot);
    const second = past.reader();
    for (const record of table.records) expect(await second.at(record.slot)).toBe(record);
    expect(table.reads).toBe(2);
  });

  test('are given in order to readers that take turns', async () => {
    const table = new Table(40, RECENT_BYTES / 4);
    const past = table.past();
    const readers = Array.from({ length: 3 }, (_, at) => ({ reader: past.reader(), next: 5 * at }));
    for (let round = 0; round < 200; round += 1) {
      const one = readers[(round * 7) % 3];
      const record = one && table.records[one.next];
      if (!one || !record) continue;
      expect(await one.reader.at(record.slot)).toBe(record);
      one.next += 1;
    }
    for (const { reader } of readers) reader.leave();
    await Promise.resolve();
    expect(table.open).toBe(0);
  });

  test('are undefined if the table does not hold them', async () => {
    const table = new Table(3);
    const reader = table.past().reader();
    table.records.splice(1, 1);
    expect(await reader.at(slotAt(1))).toBe(table.records[0]);
    expect(await reader.at(slotAt(2))).toBeUndefined();
    expect(await reader.at(slotAt(4))).toBeUndefined();
  });

  test('that were written since the read began are found', async () => {
    const table = new Table(1);
    const reader = table.past().reader();
    await reader.at(slotAt(1));
    table.records.push(recordAt(2));
    expect(await reader.at(slotAt(2))).toBe(table.records[1]);
  });

  test('fail for all readers of a read that fails, which may ask again', async () => {
    const table = new Table(1);
    const past = table.past();
    const readers = [past.reader(), past.reader()];
    table.fails = true;
    const failed = await Promise.allSettled(readers.map((reader) => reader.at(slotAt(1))));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    table.fails = false;
    for (const reader of readers) expect(await reader.at(slotAt(1))).toBe(table.records[0]);
  });

  test('are neither read nor kept once all readers have left', async () => {
    const table = new Table(3);
    const past = table.past();
    const readers = [past.reader(), past.reader()];
    await Promise.all(readers.map((reader) => reader.at(slotAt(1))));
    readers[0]?.leave();
    await Promise.resolve();
    expect(table.open).toBe(1);
    readers[1]?.leave();
    await Promise.resolve();
    expect(table.open).toBe(0);
    await readers[0]?.at(slotAt(1));
    expect(table.reads).toBe(2);
  });

  test('are given up by a reader that leaves while it waits', async () => {
    const table = new Table(1);
    const reader = table.past().reader();
    const waiting = reader.at(slotAt(1));
    reader.leave();
    await waiting;
    await Promise.resolve();
    expect(table.open).toBe(0);
  });
});
