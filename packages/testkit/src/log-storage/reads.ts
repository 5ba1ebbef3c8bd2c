import type { LogStorage, Slot } from '@a2a-aws/core';
import { FIRST_SLOT } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, eventRecord, loadWhole, sampleRecord } from '../sample-log.ts';
import { head, ids, KEY, slot } from './sample-heads.ts';

/** Records come back whole, in slot order. */
export function reads(open: () => LogStorage): void {
  describe('reading', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    test('[I1] gives records in slot order, whenever they were written', async () => {
      const slots = [slot(1), slot(1, 1), slot(2), slot(9), slot(10), slot(10, 2), slot(100)];
      const records = slots.map((at, n) => sampleRecord(`r${n}`, at));
      for (const record of records.toReversed()) await storage.putRecord(KEY, record);
      expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
      expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
    });

    test('[I1] pages to the end of a log of several megabytes, in order', async () => {
      const records = Array.from({ length: 24 }, (_, n) =>
        sampleRecord(`r${n}`, slot(n + 1), 'x'.repeat(120_000)),
      );
      for (const record of records) await storage.putRecord(KEY, record);
      expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
      expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
    });

    test('[I3] starts at the slot asked for, included', async () => {
      const slots = [slot(1), slot(1, 1), slot(2), slot(3), slot(3, 1)];
      for (const [n, at] of slots.entries()) {
        await storage.putRecord(KEY, sampleRecord(`r${n}`, at));
      }
      const from = async (at: Slot): Promise<string[]> =>
        ids(await collect(storage.readRecords(KEY, at)));
      expect(await from(slot(1, 1))).toEqual(['r1', 'r2', 'r3', 'r4']);
      expect(await from(slot(2))).toEqual(['r2', 'r3', 'r4']);
      // Nothing is at this slot: what follows it is given.
      expect(await from(slot(2, 1))).toEqual(['r3', 'r4']);
      expect(await from(slot(4))).toEqual([]);
    });

    test('[I3] finds the record that holds an event, wherever in it', async () => {
      const records = [
        sampleRecord('r0', slot(1)),
        eventRecord('r1', slot(1, 1), 1),
        eventRecord('r2', slot(2), 3),
        sampleRecord('r3', slot(5)),
        sampleRecord('r4', slot(5, 1)),
        eventRecord('r5', slot(5, 2), 6),
        sampleRecord('r6', slot(11)),
      ];
      for (const record of records) await storage.putRecord(KEY, record);
      await storage.putHead(KEY, head(slot(5, 2)));
      const found: (string | undefined)[] = [];
      for (let n = 1; n <= 11; n += 1) found.push((await storage.findRecord(KEY, n))?.id);
      const expected = ['r1', 'r2', 'r2', 'r2', 'r5', 'r5', 'r5', 'r5', 'r5', 'r5', undefined];
      expect(found).toEqual(expected);
      expect(await storage.findRecord({ ...KEY, taskId: 'task-2' }, 1)).toBeUndefined();
    });

    test('gives records only, of a task that has a head', async () => {
      const record = sampleRecord('r1', FIRST_SLOT);
      await storage.putRecord(KEY, record);
      await storage.putHead(KEY, head(FIRST_SLOT));
      expect((await loadWhole(storage, KEY)).records).toEqual([record]);
      expect(await collect(storage.readRecords(KEY, FIRST_SLOT))).toEqual([record]);
    });
  });
}
