import type { ListedTask, LogStorage, TaskHead } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from '../listed-tasks.ts';
import { sampleRecord } from '../sample-log.ts';
import { head, KEY, SCOPE, taskIds } from './sample-heads.ts';

/** A head says where its task is, for lists; it only moves on. */
export function heads(open: () => LogStorage): void {
  describe('heads', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    const listedAs = ({ contextId: _c, slot: _s, ...fields }: TaskHead): ListedTask => fields;
    const stateAfter = async (...heads: readonly TaskHead[]): Promise<ListedTask[]> => {
      for (const one of heads) await storage.putHead(KEY, one);
      return listedTasks(storage, SCOPE);
    };

    test('are listed as they were put', async () => {
      const put = head(slotAt(2), { latest: 1_800_000_000_000 });
      expect(await stateAfter(put)).toEqual([listedAs(put)]);
    });

    test('move only to a later slot', async () => {
      const done = { state: TaskState.TASK_STATE_COMPLETED };
      expect(await stateAfter(head(slotAt(2)), head(slotAt(10), done))).toMatchObject([done]);
      expect(await stateAfter(head(slotAt(9)))).toMatchObject([done]);
      const other = head(slotAt(10), { state: TaskState.TASK_STATE_FAILED });
      expect(await stateAfter(other)).toMatchObject([done]);
      const failed = { state: TaskState.TASK_STATE_FAILED };
      expect(await stateAfter(head(slotAt(10, 1), failed))).toMatchObject([failed]);
    });

    test('take their context along when it changes', async () => {
      await stateAfter(head(slotAt(1)), head(slotAt(2), { contextId: 'context-2' }));
      expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual([]);
      expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-2' }))).toEqual([
        'task-1',
      ]);
    });

    test('[I6] hold any status that an executor may publish', async () => {
      const odd = head(slotAt(1), {
        timestamp: -8.64e15,
        latest: 8.64e15,
        contextId: '#%é𝄞'.repeat(300),
        state: TaskState.TASK_STATE_UNSPECIFIED,
      });
      expect(await stateAfter(odd)).toEqual([listedAs(odd)]);
      expect(await listedTasks(storage, SCOPE, { contextId: odd.contextId })).toHaveLength(1);
    });

    test('[I6] hold a context id that a client made of half a character', async () => {
      // A head that cannot be put is retried forever: it must be refused before, or go in somehow.
      const odd = head(slotAt(1), { contextId: 'context \ud800' });
      await expect(storage.putHead(KEY, odd)).resolves.toBeUndefined();
      expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(['task-1']);
    });

    test('hold a status without a time, also after one with it, and an empty context', async () => {
      const bare = head(slotAt(2), { timestamp: undefined, latest: 0, contextId: '' });
      expect(await stateAfter(head(slotAt(1)), bare)).toEqual([listedAs(bare)]);
      expect(await listedTasks(storage, SCOPE, { contextId: '' })).toHaveLength(1);
    });

    test.each([
      ['long', 'x'.repeat(1_400)],
      ['of characters that are escaped', '#'.repeat(400)],
      ['of characters of four bytes', '𝄞'.repeat(350)],
    ])('are put for every task key that is allowed: an id %s', async (_, taskId) => {
      const key = { ...KEY, taskId };
      await storage.putRecord(key, sampleRecord('r1', FIRST_SLOT));
      await storage.putHead(key, head(FIRST_SLOT, { taskId }));
      expect(taskIds(await listedTasks(storage, SCOPE))).toEqual([taskId]);
      expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual([
        taskId,
      ]);
    });
  });
}
