import type { ListFilter, LogStorage } from '@a2a-aws/core';
import { FIRST_SLOT, passes } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { listedTasks } from '../listed-tasks.ts';
import { sampleRecord } from '../sample-log.ts';
import { head, KEY, SCOPE, taskIds } from './sample-heads.ts';

const STATES = [
  TaskState.TASK_STATE_WORKING,
  TaskState.TASK_STATE_INPUT_REQUIRED,
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_REJECTED,
];

/** Returns the tasks that an owner is shown. */
export function lists(open: () => LogStorage): void {
  describe('list', () => {
    let storage: LogStorage;

    beforeEach(() => {
      storage = open();
    });

    test('leaves out tasks that have no head', async () => {
      await storage.putRecord(KEY, sampleRecord('r1', FIRST_SLOT));
      expect(await listedTasks(storage, SCOPE)).toEqual([]);
    });

    test('gives all tasks of an owner, or of one context of it', async () => {
      const all = Array.from({ length: 40 }, (_, n) => `task-${String(n).padStart(2, '0')}`);
      for (const [n, taskId] of all.entries()) {
        const contextId = `context-${n % 3}`;
        await storage.putHead({ ...SCOPE, taskId }, head(FIRST_SLOT, { taskId, contextId }));
      }
      expect(taskIds(await listedTasks(storage, SCOPE))).toEqual(all);
      expect(taskIds(await listedTasks(storage, SCOPE, { contextId: 'context-1' }))).toEqual(
        all.filter((_, n) => n % 3 === 1),
      );
      expect(await listedTasks(storage, SCOPE, { contextId: 'context-9' })).toEqual([]);
    });

    test('gives exactly the tasks that match the filter', async () => {
      const time = fc.constantFrom(-1_000, 0, 1_000, 2_000, 3_000);
      const fields = fc.record({
        state: fc.constantFrom(...STATES),
        timestamp: fc.option(time, { nil: undefined }),
        contextId: fc.constantFrom('context-1', 'context-2'),
        at: time,
        ahead: fc.constantFrom(0, 0, 5_000),
      });
      const filter: fc.Arbitrary<ListFilter> = fc.record({
        contextId: fc.constantFrom(undefined, 'context-1'),
        state: fc.option(fc.constantFrom(...STATES), { nil: undefined }),
        after: fc.option(time, { nil: undefined }),
        endedSince: time,
      });
      let owners = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fields, { maxLength: 12 }),
          fc.array(filter, { minLength: 4, maxLength: 8 }),
          async (all, filters) => {
            const scope = { tenant: 'tenant', owner: `owner-${owners++}` };
            const heads = all.map(({ ahead, ...given }, n) => {
              const latest = Math.max(0, given.timestamp ?? 0) + ahead;
              return head(FIRST_SLOT, { ...given, taskId: `task-${10 + n}`, latest });
            });
            for (const one of heads) {
              await storage.putHead({ ...scope, taskId: one.taskId }, one);
            }
            for (const wanted of filters) {
              const found = heads.filter(
                (one) =>
                  passes(one, wanted) && [undefined, one.contextId].includes(wanted.contextId),
              );
              expect(taskIds(await listedTasks(storage, scope, wanted))).toEqual(taskIds(found));
            }
          },
        ),
        { numRuns: 12 },
      );
    });

    test('[I9] gives a context only to its owner', async () => {
      await storage.putHead(KEY, head(FIRST_SLOT));
      expect(
        await listedTasks(
          storage,
          { tenant: 'tenant', owner: 'other' },
          { contextId: 'context-1' },
        ),
      ).toEqual([]);
      expect(
        await listedTasks(storage, { tenant: 'other', owner: 'owner' }, { contextId: 'context-1' }),
      ).toEqual([]);
    });
  });
}
