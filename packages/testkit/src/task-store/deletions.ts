import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import { COMPLETED, INPUT_REQUIRED, listRequest, taskOf, WORKING } from './sample-tasks.ts';
import type { DeletingTaskStore, TaskStoreTests } from './task-store-under-test.ts';

/** A task that is gone stays so. */
export function deletions({ capabilities, open }: TaskStoreTests): void {
  const lacks = capabilities.deletion === 'none';

  describe.skipIf(lacks)(lacks ? 'a deletion (this store has none)' : 'a deletion', () => {
    const store = (): Required<DeletingTaskStore> => {
      const opened = open();
      const { delete: remove } = opened;
      if (!remove) throw new Error('The store has no delete, but says so.');
      return Object.assign(opened, { delete: remove.bind(opened) });
    };
    const expectGone = async (id: string): Promise<void> => {
      expect(await store().load(id, callContext())).toBeUndefined();
      expect((await store().list(listRequest(), callContext())).totalSize).toBe(0);
      const inContext = listRequest({ contextId: 'context-1' });
      expect((await store().list(inContext, callContext())).totalSize).toBe(0);
    };

    test.each([
      ['has ended', COMPLETED],
      ['waits for input', INPUT_REQUIRED],
      ['seems to be running', WORKING],
    ])('takes a task that %s from every instance', async (_, state) => {
      await store().save(taskOf('task-1', state), callContext());
      await store().delete('task-1', callContext());
      await expectGone('task-1');
    });

    test('may be repeated, and may find no task', async () => {
      await store().delete('task-1', callContext());
      await store().save(taskOf('task-1'), callContext());
      await store().delete('task-1', callContext());
      await store().delete('task-1', callContext());
      await expectGone('task-1');
    });

    test('[I4] is final: no save brings the task back', async () => {
      const late = callContext();
      await store().save(taskOf('task-1'), late);
      const seen = await store().load('task-1', late);
      await store().delete('task-1', callContext());
      if (seen) await store().save(seen, late);
      await store().save(taskOf('task-1', COMPLETED), late);
      await store().save(taskOf('task-1'), callContext());
      await expectGone('task-1');
    });

    test('[I9] takes no task of another owner or tenant', async () => {
      await store().save(taskOf('task-1'), callContext());
      await store().delete('task-1', callContext({ user: 'other' }));
      await store().delete('task-1', callContext({ tenant: 'other' }));
      expect(await store().load('task-1', callContext())).toEqual(taskOf('task-1'));
    });
  });
}
