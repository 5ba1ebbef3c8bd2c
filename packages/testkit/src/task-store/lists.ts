import { type ListTasksRequest, type Task, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { TaskStore } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import {
  allPages,
  artifactOf,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  idsOf,
  listRequest,
  messageOf,
  second,
  taskOf,
  WORKING,
  withState,
} from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

const anyTask = fc.record({
  state: fc.constantFrom(WORKING, COMPLETED, FAILED),
  at: fc.option(fc.nat(4).map(second), { nil: undefined, freq: 6 }),
  contextId: fc.constantFrom('context-0', 'context-1'),
});

const anyTasks = fc.array(anyTask, { minLength: 1, maxLength: 8 }).map((all) =>
  all.map(({ state, at: timestamp, contextId }, n) => ({
    ...taskOf(`task-${n}`),
    contextId,
    status: { state, message: undefined, timestamp },
  })),
);

const anyFilter = fc.record({
  contextId: fc.constantFrom('', 'context-0', 'context-1', 'context-9'),
  status: fc.constantFrom(TaskState.TASK_STATE_UNSPECIFIED, WORKING, COMPLETED, FAILED),
  statusTimestampAfter: fc.constantFrom(undefined, second(2), second(9)),
  pageSize: fc.constantFrom(1, 2, 3, 50),
});

/** The result that a list must return, in its order. */
function expected(tasks: readonly Task[], filter: Partial<ListTasksRequest>): string[] {
  const { contextId, status, statusTimestampAfter: after } = filter;
  const compare = (a: string, b: string): number => Number(a < b) - Number(a > b);
  const time = (task: Task): string => task.status?.timestamp ?? '';
  return tasks
    .filter((task) => !contextId || task.contextId === contextId)
    .filter((task) => !status || task.status?.state === status)
    .filter((task) => after === undefined || time(task) > after)
    .toSorted((a, b) => compare(time(a), time(b)) || compare(a.id, b.id))
    .map(({ id }) => id);
}

async function saveAll(store: TaskStore, tasks: readonly Task[]): Promise<void> {
  await Promise.all(tasks.map((task) => store.save(task, callContext())));
}

/** Which tasks a list gives, in which order, and how much of each. */
export function lists({ capabilities, open }: TaskStoreTests): void {
  const listed = async (fields: Partial<ListTasksRequest> = {}): Promise<string[]> =>
    idsOf(await open().list(listRequest(fields), callContext()));

  describe('a list', () => {
    test('without tasks is an empty page', async () => {
      expect(await open().list(listRequest(), callContext())).toEqual({
        tasks: [],
        nextPageToken: '',
        pageSize: 50,
        totalSize: 0,
      });
    });

    test('is filtered, sorted and cut into pages, with the size of the whole', async () => {
      await fc.assert(
        fc.asyncProperty(
          anyTasks,
          fc.array(anyFilter, { minLength: 4, maxLength: 8 }),
          async (tasks, filters) => {
            // One owner each, so that a run does not see the tasks of the one before.
            const context = callContext({ user: `user-${runs++}` });
            const store = open();
            await Promise.all(tasks.map((task) => store.save(task, context)));
            for (const filter of filters) {
              const wanted = expected(tasks, filter);
              const pages = await allPages(store, context, filter);
              expect(idsOf(...pages)).toEqual(wanted);
              expect(pages).toHaveLength(Math.max(1, Math.ceil(wanted.length / filter.pageSize)));
              for (const { pageSize, totalSize } of pages) {
                expect([pageSize, totalSize]).toEqual([filter.pageSize, wanted.length]);
              }
            }
          },
        ),
        { numRuns: 8 },
      );
    });
    let runs = 0;

    test('has the newest status first, and tasks without one last', async () => {
      const bare = { ...taskOf('no status'), status: undefined };
      const [old, late, mid] = [5, 9, 7].map((n) => taskOf(`at ${n}`, WORKING, second(n)));
      const untimed: Task = withState(taskOf('no time'), WORKING);
      if (untimed.status) untimed.status.timestamp = undefined;
      await saveAll(
        open(),
        [bare, old, late, mid, untimed].filter((task) => task !== undefined),
      );
      const all = await listed();
      expect(all.slice(0, 3)).toEqual(['at 9', 'at 7', 'at 5']);
      expect(all.slice(3).sort()).toEqual(['no status', 'no time']);
    });

    test('follows a status that changes', async () => {
      await saveAll(
        open(),
        ['a', 'b', 'c'].map((id, n) => taskOf(id, WORKING, second(n))),
      );
      expect(await listed()).toEqual(['c', 'b', 'a']);
      const context = callContext();
      const store = open();
      const task = await store.load('a', context);
      if (task) await store.save(withState(task, COMPLETED, second(10)), context);
      expect(await listed()).toEqual(['a', 'c', 'b']);
      expect(await listed({ status: WORKING })).toEqual(['c', 'b']);
      expect(await listed({ status: COMPLETED })).toEqual(['a']);
    });

    test('finds each possible state', async () => {
      const states = [
        TaskState.TASK_STATE_SUBMITTED,
        WORKING,
        INPUT_REQUIRED,
        TaskState.TASK_STATE_AUTH_REQUIRED,
        COMPLETED,
        FAILED,
        TaskState.TASK_STATE_CANCELED,
        TaskState.TASK_STATE_REJECTED,
      ];
      await saveAll(
        open(),
        states.map((state) => taskOf(`task-${state}`, state)),
      );
      for (const status of states) expect(await listed({ status })).toEqual([`task-${status}`]);
      expect(await listed({ status: TaskState.TASK_STATE_UNSPECIFIED })).toHaveLength(8);
    });

    test('takes a time in any notation, and gives strictly later tasks', async () => {
      await saveAll(
        open(),
        [0, 1, 2].map((n) => taskOf(`at ${n}`, WORKING, second(n))),
      );
      // 2026-01-01T00:00:01Z
      expect(await listed({ statusTimestampAfter: '2026-01-01T01:30:01+01:30' })).toEqual(['at 2']);
      expect(await listed({ statusTimestampAfter: '2026-01-01T00:00:00.999Z' })).toEqual([
        'at 2',
        'at 1',
      ]);
    });

    const mixed = [
      taskOf('third', WORKING, '2026-01-01T09:00:00+09:00'),
      taskOf('second', WORKING, '2026-01-01T00:00:01Z'),
      taskOf('first', WORKING, '2025-12-31T23:00:02.000-01:00'),
    ];
    if (capabilities.times === 'instants') {
      test('is sorted by when a status was, however that is written', async () => {
        await saveAll(open(), mixed);
        expect(await listed()).toEqual(['first', 'second', 'third']);
        expect(await listed({ statusTimestampAfter: second(0) })).toEqual(['first', 'second']);
      });
    } else {
      test('is sorted by how the time of a status is written', async () => {
        await saveAll(open(), mixed);
        expect(await listed()).toEqual(['third', 'second', 'first']);
      });
    }

    test('has a task whose time of status is any text', async () => {
      const times = ['', 'yesterday', '9999-12-31T23:59:59.999Z', '2026-01-01', 'é𝄞', second(1)];
      await saveAll(
        open(),
        times.map((time, n) => taskOf(`task-${n}`, WORKING, time)),
      );
      expect((await listed()).sort()).toEqual(times.map((_, n) => `task-${n}`));
      const pages = await allPages(open(), callContext(), { pageSize: 2 });
      expect(idsOf(...pages).sort()).toEqual(times.map((_, n) => `task-${n}`));
    });

    test('has no artifacts unless they are requested', async () => {
      const task = { ...taskOf('task-1'), artifacts: [artifactOf('a', 'text')] };
      await open().save(task, callContext());
      const list = async (includeArtifacts?: boolean): Promise<unknown> => {
        const request = { ...listRequest(), ...(includeArtifacts && { includeArtifacts }) };
        return (await open().list(request, callContext())).tasks;
      };
      expect(await list()).toEqual([{ ...task, artifacts: [] }]);
      expect(await list(true)).toEqual([task]);
    });

    const { history } = capabilities;
    test(`has the history ${HISTORIES[history]}`, async () => {
      const messages = ['m1', 'm2', 'm3'];
      const task = { ...taskOf('task-1'), history: messages.map((id) => messageOf(id)) };
      await open().save(task, callContext());
      const shown = async (historyLength?: number): Promise<string[] | undefined> => {
        const request = {
          ...listRequest(),
          ...(historyLength !== undefined && { historyLength }),
        };
        const [first] = (await open().list(request, callContext())).tasks;
        return first?.history.map(({ messageId }) => messageId);
      };
      expect(await shown()).toEqual(messages);
      expect(await shown(9)).toEqual(messages);
      expect(await shown(2)).toEqual(history === 'limited' ? ['m2', 'm3'] : messages);
      expect(await shown(0)).toEqual(history === 'whole' ? messages : []);
    });

    const malformed: [string, Partial<ListTasksRequest>][] = [
      ['no page', { pageSize: 0 }],
      ['a page that is too large', { pageSize: 101 }],
      ['half a task', { pageSize: 1.5 }],
      ['a state that is none', { status: 77 as TaskState }],
      ['a state that could not be read', { status: TaskState.UNRECOGNIZED }],
      ['a time that is none', { statusTimestampAfter: 'yesterday' }],
    ];
    const trusts = capabilities.requests === 'trusted';
    test.skipIf(trusts).each(malformed)(
      trusts ? "leaves it to the SDK's handler to refuse %s" : 'is refused for %s',
      async (_, request) => {
        await open().save(taskOf('task-1'), callContext());
        const refused = expect.toSatisfy((error) => error instanceof RequestMalformedError);
        await expect(open().list(listRequest(request), callContext())).rejects.toEqual(refused);
      },
    );
  });
}

const HISTORIES = {
  limited: 'cut to the last messages, as many as were asked for',
  omitted: "left out if none was asked for, else whole: the SDK's handler cuts it",
  whole: "whole: the SDK's handler cuts it",
};
