import { isTerminal } from '@a2a-aws/core/internal';
import { ListTasksRequest, Task } from '@a2a-js/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { grown, hostileTask } from './fixtures/hostile-values.ts';
import {
  type AgentStores,
  embeddedTable,
  memoryTable,
  refusal,
  requestOf,
  type StoreTable,
} from './fixtures/store-table.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const everything = ListTasksRequest.fromJSON({ includeArtifacts: true });
const request = () => requestOf('tenant', 'owner');

/** The owner has this task and no other, to the letter. */
async function expectOnly(task: Task | undefined, { tasks }: AgentStores): Promise<void> {
  const expected = task ? [task] : [];
  const listed = await tasks.list(everything, request());
  expect(listed.tasks).toEqual(expected);
  expect(listed.totalSize).toBe(expected.length);
  const text = (some: readonly Task[]): string => JSON.stringify(some.map(Task.toJSON));
  expect(text(listed.tasks) === text(expected)).toBe(true);
  if (task) expect(await tasks.load(task.id, request())).toEqual(task);
}

describe.each([
  ['in memory', memoryTable, 6_000],
  ['on the embedded AWS', embeddedTable, 250],
] as const)('a hostile task %s', (_, open, numRuns) => {
  let table: StoreTable;

  beforeAll(async () => {
    table = await open();
  });
  afterAll(() => table.stop());

  test('[I1] is read as it was saved, or refused with a code before anything is written', async () => {
    await fc.assert(
      fc.asyncProperty(hostileTask, hostileTask, async (first, more) => {
        const agent = table.agent();
        const context = request();
        if (await refusal(agent.tasks.save(first, context))) {
          await expectOnly(undefined, agent);
          return;
        }
        await expectOnly(first, agent);
        const second = grown(first, more);
        const isRefused = (await refusal(agent.tasks.save(second, context))) !== undefined;
        const isOver = isTerminal(first.status?.state);
        await expectOnly(isRefused || isOver ? first : second, agent);
      }),
      { numRuns },
    );
  });
});
