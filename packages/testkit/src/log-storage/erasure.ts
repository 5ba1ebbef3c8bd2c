import type { LogRecord, LogStorage } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from '../listed-tasks.ts';
import { collect, loadWhole, sampleRecord } from '../sample-log.ts';
import { head, ids, KEY, SCOPE } from './sample-heads.ts';

/** Returns the rest of a task that was deleted. */
export function erasure(open: () => LogStorage): void {
  describe('erase', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    const write = async (): Promise<void> => {
      for (const n of [1, 2, 3]) {
        await storage.putRecord(KEY, sampleRecord(`r${n}`, slotAt(n), 'secret'));
      }
      await storage.putHead(KEY, head(slotAt(1)));
      const snapshot = { id: 's1', slot: slotAt(2), text: 'secret' };
      await storage.putSnapshot(KEY, snapshot, 1_700_000_000_000);
    };
    const kinds = (records: readonly LogRecord[]): string[] =>
      records.flatMap(({ entries }) => entries.map(({ kind }) => kind));

    test('leaves records that contain only the deletion of the task', async () => {
      await write();
      await storage.erase(KEY);
      const log = await loadWhole(storage, KEY);
      expect(log.head).toBeUndefined();
      expect(log.snapshot).toBeUndefined();
      expect(ids(log.records)).toEqual(['r1', 'r2', 'r3']);
      expect(kinds(log.records)).toEqual(['deleted', 'deleted', 'deleted']);
      const all = await collect(storage.readRecords(KEY, FIRST_SLOT));
      expect(kinds(all)).toEqual(['deleted', 'deleted', 'deleted']);
      expect(JSON.stringify([log, all])).not.toContain('secret');
    });

    test('[I1] leaves every slot taken: a late put does not win it', async () => {
      await write();
      await storage.erase(KEY);
      for (const n of [1, 2, 3]) {
        const outcome = await storage.putRecord(KEY, sampleRecord('late', slotAt(n)));
        expect(outcome).toMatchObject({ taken: { id: `r${n}`, slot: slotAt(n) } });
      }
    });

    test('removes the task from the lists, and no late write restores it', async () => {
      await write();
      await storage.erase(KEY);
      await storage.putHead(KEY, head(slotAt(3)));
      const late = { id: 's2', slot: slotAt(3), text: 'late' };
      const { obsolete } = await storage.putSnapshot(KEY, late, 1_700_000_000_000);
      expect(obsolete).toMatchObject({ id: 's2' });
      expect(await listedTasks(storage, SCOPE)).toEqual([]);
      expect(await listedTasks(storage, SCOPE, { contextId: 'context-1' })).toEqual([]);
      expect((await loadWhole(storage, KEY)).snapshot).toBeUndefined();
    });

    test('refuses a late head if there was none before', async () => {
      await storage.putRecord(KEY, sampleRecord('r1', slotAt(1)));
      await storage.erase(KEY);
      await storage.putHead(KEY, head(slotAt(1)));
      expect(await listedTasks(storage, SCOPE)).toEqual([]);
    });

    test('may be repeated', async () => {
      await write();
      await storage.erase(KEY);
      const once = await loadWhole(storage, KEY);
      await storage.erase(KEY);
      expect(await loadWhole(storage, KEY)).toEqual(once);
    });

    test('[I9] touches no other task', async () => {
      await write();
      const other = { ...KEY, owner: 'other' };
      await storage.putRecord(other, sampleRecord('r1', FIRST_SLOT));
      await storage.putHead(other, head(FIRST_SLOT));
      await storage.erase(KEY);
      expect(ids((await loadWhole(storage, other)).records)).toEqual(['r1']);
      expect(kinds((await loadWhole(storage, other)).records)).not.toContain('deleted');
      expect(await listedTasks(storage, other)).toHaveLength(1);
    });
  });
}
