import type { LogStorage, Slot, Snapshot } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from '../listed-tasks.ts';
import { collect, loadWhole, noise, sampleRecord } from '../sample-log.ts';
import { head, ids, KEY, SCOPE, taskIds } from './sample-heads.ts';

/** The fold up to a slot, in the place of the records before it. */
export function snapshots(open: () => LogStorage): void {
  describe('snapshots', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    const NOW = 1_700_000_000_000;
    const snapshot = (id: string, at: Slot, text = id): Snapshot => ({ id, slot: at, text });
    const slots = [slotAt(1), slotAt(2), slotAt(3), slotAt(4)];

    const write = async (): Promise<void> => {
      for (const [n, at] of slots.entries()) {
        await storage.putRecord(KEY, sampleRecord(`r${n + 1}`, at));
      }
      await storage.putHead(KEY, head(slotAt(1)));
    };
    const loaded = async (): Promise<[Snapshot | undefined, ...string[]]> => {
      const log = await loadWhole(storage, KEY);
      return [log.snapshot, ...ids(log.records)];
    };

    test('take the place of the records before them, for load alone', async () => {
      await write();
      const one = snapshot('s1', slotAt(3));
      expect(await storage.putSnapshot(KEY, one, NOW)).toEqual({});
      expect(await loaded()).toEqual([one, 'r3', 'r4']);
      const all = await collect(storage.readRecords(KEY, FIRST_SLOT));
      expect(ids(all)).toEqual(['r1', 'r2', 'r3', 'r4']);
      expect((await loadWhole(storage, KEY)).head).toEqual(head(slotAt(1)));
    });

    test('of a later slot win, and name the one that is obsolete', async () => {
      await write();
      await storage.putSnapshot(KEY, snapshot('s1', slotAt(2)), NOW);
      const later = snapshot('s2', slotAt(4));
      const { obsolete } = await storage.putSnapshot(KEY, later, NOW);
      expect(obsolete).toMatchObject({ id: 's1', slot: slotAt(2) });
      expect(await loaded()).toEqual([later, 'r4']);
      if (obsolete) await storage.dropSnapshot(KEY, obsolete);
      if (obsolete) await storage.dropSnapshot(KEY, obsolete);
      expect(await loaded()).toEqual([later, 'r4']);
    });

    test.each([
      ['an earlier', slotAt(2)],
      ['the same', slotAt(3)],
    ])('that arrive late, for %s slot, change nothing and are named as obsolete', async (_, at) => {
      await write();
      const one = snapshot('s1', slotAt(3));
      await storage.putSnapshot(KEY, one, NOW);
      const { obsolete } = await storage.putSnapshot(KEY, snapshot('late', at), NOW);
      expect(obsolete).toMatchObject({ id: 'late', slot: at });
      expect(await loaded()).toEqual([one, 'r3', 'r4']);
      if (obsolete) await storage.dropSnapshot(KEY, obsolete);
      expect(await loaded()).toEqual([one, 'r3', 'r4']);
    });

    test('of the same slot win if they are put later: a silent log is renewed', async () => {
      await write();
      const [one, two] = [snapshot('s1', slotAt(3)), snapshot('s2', slotAt(3))];
      await storage.putSnapshot(KEY, one, NOW);
      const { obsolete } = await storage.putSnapshot(KEY, two, NOW + 86_400_000);
      expect(obsolete).toMatchObject({ id: 's1', slot: slotAt(3) });
      if (obsolete) await storage.dropSnapshot(KEY, obsolete);
      expect(await loaded()).toEqual([two, 'r3', 'r4']);
      const late = snapshot('late', slotAt(3));
      expect((await storage.putSnapshot(KEY, late, NOW)).obsolete).toMatchObject({ id: 'late' });
      expect(await loaded()).toEqual([two, 'r3', 'r4']);
    });

    test('put again, after no answer, are not obsolete', async () => {
      await write();
      const one = snapshot('s1', slotAt(3));
      await storage.putSnapshot(KEY, one, NOW);
      expect(await storage.putSnapshot(KEY, one, NOW)).toEqual({});
      expect(await loaded()).toEqual([one, 'r3', 'r4']);
    });

    test('survive a new status, and do not change when the head moves', async () => {
      await write();
      const one = snapshot('s1', slotAt(3));
      await storage.putSnapshot(KEY, one, NOW);
      await storage.putHead(KEY, head(slotAt(4), { state: TaskState.TASK_STATE_COMPLETED }));
      expect(await loaded()).toEqual([one, 'r3', 'r4']);
      expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(['task-1']);
    });

    test('of a task without a head are not found, and are named as obsolete', async () => {
      await storage.putRecord(KEY, sampleRecord('r1', slotAt(1)));
      const one = snapshot('s1', slotAt(2));
      const { obsolete } = await storage.putSnapshot(KEY, one, NOW);
      expect(obsolete).toMatchObject({ id: 's1' });
      expect(await loaded()).toEqual([undefined, 'r1']);
    });

    test('may have megabytes, and any text', async () => {
      await write();
      const text = `€ 𝄞 漢字 \u0000 ${noise('snapshot', 1_500_000)}`;
      await storage.putSnapshot(KEY, snapshot('s1', slotAt(4), text), NOW);
      const log = await loadWhole(storage, KEY);
      // Not the texts themselves: a failure would print megabytes.
      expect(log.snapshot?.text === text).toBe(true);
      expect(ids(log.records)).toEqual(['r4']);
    });
  });
}
