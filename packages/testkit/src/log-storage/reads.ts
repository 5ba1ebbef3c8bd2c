import type { LogStorage, Slot } from '@a2a-aws/core';
import { asGeneration } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { collect, eventRecord, loadWhole, sampleRecord } from '../sample-log.ts';
import { head, ids, KEY } from './sample-heads.ts';

/** Records come back whole, in slot order. */
export function reads(open: () => LogStorage): void {
  describe('reading', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    test('[I1] gives records in slot order, whenever they were written', async () => {
      const slots = [
        slotAt(1),
        slotAt(1, 1),
        slotAt(2),
        slotAt(9),
        slotAt(10),
        slotAt(10, 2),
        slotAt(100),
      ];
      const records = slots.map((at, n) => sampleRecord(`r${n}`, at));
      for (const record of records.toReversed()) await storage.putRecord(KEY, record);
      expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
      expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
    });

    test('[I1] pages to the end of a log of several megabytes, in order', async () => {
      const records = Array.from({ length: 24 }, (_, n) =>
        sampleRecord(`r${n}`, slotAt(n + 1), 'x'.repeat(120_000)),
      );
      for (const record of records) await storage.putRecord(KEY, record);
      expect(ids((await loadWhole(storage, KEY)).records)).toEqual(ids(records));
      expect(ids(await collect(storage.readRecords(KEY, FIRST_SLOT)))).toEqual(ids(records));
    });

    test('[I3] includes the requested slot', async () => {
      const slots = [slotAt(1), slotAt(1, 1), slotAt(2), slotAt(3), slotAt(3, 1)];
      for (const [n, at] of slots.entries()) {
        await storage.putRecord(KEY, sampleRecord(`r${n}`, at));
      }
      const from = async (at: Slot): Promise<string[]> =>
        ids(await collect(storage.readRecords(KEY, at)));
      expect(await from(slotAt(1, 1))).toEqual(['r1', 'r2', 'r3', 'r4']);
      expect(await from(slotAt(2))).toEqual(['r2', 'r3', 'r4']);
      // This slot is empty, so the read begins with the next record.
      expect(await from(slotAt(2, 1))).toEqual(['r3', 'r4']);
      expect(await from(slotAt(4))).toEqual([]);
    });

    test('[I3] finds the record that holds an event, wherever in it', async () => {
      const records = [
        sampleRecord('r0', slotAt(1)),
        eventRecord('r1', slotAt(1, 1), 1),
        eventRecord('r2', slotAt(2), 3),
        sampleRecord('r3', slotAt(5)),
        sampleRecord('r4', slotAt(5, 1)),
        eventRecord('r5', slotAt(5, 2), 6),
        sampleRecord('r6', slotAt(11)),
      ];
      for (const record of records) await storage.putRecord(KEY, record);
      await storage.putHead(KEY, head(slotAt(5, 2)));
      const found: (string | undefined)[] = [];
      for (let n = 1; n <= 11; n += 1)
        found.push((await storage.findRecord(KEY, asGeneration(n)))?.id);
      const expected = ['r1', 'r2', 'r2', 'r2', 'r5', 'r5', 'r5', 'r5', 'r5', 'r5', undefined];
      expect(found).toEqual(expected);
      expect(
        await storage.findRecord({ ...KEY, taskId: 'task-2' }, asGeneration(1)),
      ).toBeUndefined();
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
