import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { TaskStore } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callContext } from '../call-context.ts';
import {
  allPages,
  artifactOf,
  COMPLETED,
  idsOf,
  listRequest,
  second,
  taskOf,
  WORKING,
  withState,
} from './sample-tasks.ts';
import type { TaskStoreTests } from './task-store-under-test.ts';

const MALFORMED: unknown = expect.toSatisfy((error) => error instanceof RequestMalformedError);

/** Changes of a task after others have seen a page of the list. */
const anyChange = fc.record({
  which: fc.nat(9),
  how: fc.constantFrom('newer', 'older', 'artifact', 'new'),
});

async function saveNumbered(store: TaskStore, count: number, user = 'user'): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      store.save(taskOf(`task-${n}`, WORKING, second(n)), callContext({ user })),
    ),
  );
}

async function change(
  store: TaskStore,
  taskId: string,
  make: (task: Task) => Task,
  user = 'user',
): Promise<void> {
  const context = callContext({ user });
  const task = await store.load(taskId, context);
  if (!task) throw new Error('There is no task.');
  await store.save(make(task), context);
}

/** How a list goes on from page to page. */
export function pages({ capabilities, open }: TaskStoreTests): void {
  describe('the pages of a list', () => {
    test('end with an empty token, also when the last one is full', async () => {
      await saveNumbered(open(), 6);
      for (const [pageSize, count] of [
        [1, 6],
        [2, 3],
        [3, 2],
        [4, 2],
        [6, 1],
        [100, 1],
      ] as const) {
        const all = await allPages(open(), callContext(), { pageSize });
        expect(all).toHaveLength(count);
        expect(idsOf(...all)).toEqual([5, 4, 3, 2, 1, 0].map((n) => `task-${n}`));
      }
    });

    test('have fifty tasks unless another size is requested', async () => {
      await saveNumbered(open(), 53);
      const all = await allPages(open(), callContext(), {});
      expect(all.map(({ tasks }) => tasks.length)).toEqual([50, 3]);
      expect(new Set(idsOf(...all)).size).toBe(53);
    });

    test('show tasks of one moment once, in any order of their ids', async () => {
      const ids = ['a', 'B', 'é', 'e\u0301', '\uffff', '𝄞', '0', 'a|b', '#', '', 'ab'];
      const used = ids.filter((id) => id !== '');
      for (const id of used) await open().save(taskOf(id), callContext());
      for (const pageSize of [1, 3]) {
        const all = await allPages(open(), callContext(), { pageSize });
        expect(idsOf(...all).sort()).toEqual(used.sort());
      }
    });

    test('may change their size on the way', async () => {
      await saveNumbered(open(), 5);
      const first = await open().list(listRequest({ pageSize: 2 }), callContext());
      const rest = listRequest({ pageSize: 10, pageToken: first.nextPageToken });
      expect(idsOf(await open().list(rest, callContext()))).toEqual(['task-2', 'task-1', 'task-0']);
    });

    test('show concurrent changes at most as often as they are there', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyChange, { maxLength: 5 }), async (changes) => {
          const user = `user-${runs++}`;
          const store = open();
          await saveNumbered(store, 8, user);
          const left = [...changes];
          // An early end of the list, or a repeated task, is declared; the rest has to hold.
          const may = (how: string): boolean =>
            capabilities.pages === 'steady' || (how !== 'older' && how !== 'newer');
          const touched = new Set<string>();
          const shown = idsOf(
            ...(await allPages(store, callContext({ user }), { pageSize: 2 }, async () => {
              const next = left.shift();
              if (!next || !may(next.how)) return;
              const id = `task-${next.which % 8}`;
              const at = { newer: 100, older: -100, artifact: 0, new: 50 }[next.how];
              if (next.how === 'new') {
                await store.save(
                  taskOf(`new-${next.which}`, WORKING, second(at)),
                  callContext({ user }),
                );
              } else if (next.how === 'artifact') {
                await change(
                  store,
                  id,
                  (task) => ({ ...task, artifacts: [artifactOf('a', 'x')] }),
                  user,
                );
              } else {
                touched.add(id);
                await change(
                  store,
                  id,
                  (task) => withState(task, WORKING, second(at + left.length)),
                  user,
                );
              }
            })),
          );
          expect(new Set(shown).size).toBe(shown.length);
          for (let n = 0; n < 8; n += 1) {
            if (!touched.has(`task-${n}`)) expect(shown).toContain(`task-${n}`);
          }
        }),
        { numRuns: 8 },
      );
    });
    let runs = 0;

    const firstPage = async (): Promise<ListTasksResponse> => {
      await saveNumbered(open(), 4);
      const page = await open().list(listRequest({ pageSize: 2 }), callContext());
      expect(idsOf(page)).toEqual(['task-3', 'task-2']);
      return page;
    };
    const nextIds = async ({ nextPageToken: pageToken }: ListTasksResponse): Promise<string[]> =>
      idsOf(await open().list(listRequest({ pageSize: 9, pageToken }), callContext()));

    const rest = ['task-1', 'task-0'];
    if (capabilities.pages === 'breaking') {
      test('end early if the last task of a page has changed', async () => {
        const page = await firstPage();
        await change(open(), 'task-2', (task) => withState(task, COMPLETED, second(50)));
        expect(await nextIds(page)).toEqual([]);
      });
    } else {
      test('go on where they were if the last task of a page has changed', async () => {
        const page = await firstPage();
        await change(open(), 'task-2', (task) => withState(task, COMPLETED, second(50)));
        expect(await nextIds(page)).toEqual(rest);
      });
    }

    if (capabilities.pages === 'steady') {
      test('show no task again if its clock was set back', async () => {
        const page = await firstPage();
        await change(open(), 'task-3', (task) => withState(task, COMPLETED, second(-50)));
        expect(await nextIds(page)).toEqual(rest);
      });
    } else {
      test('show a task again if its clock was set back', async () => {
        const page = await firstPage();
        await change(open(), 'task-3', (task) => withState(task, COMPLETED, second(-50)));
        expect(await nextIds(page)).toEqual([...rest, 'task-3']);
      });
    }
  });

  describe('a page token', () => {
    const tokenOf = async (fields: Partial<ListTasksRequest> = {}): Promise<string> => {
      await saveNumbered(open(), 4);
      for (let n = 0; n < 4; n += 1) {
        const task = taskOf(`theirs-${n}`, WORKING, second(n));
        await open().save(task, callContext({ tenant: 'other' }));
      }
      const first = listRequest({ ...fields, pageSize: 2 });
      return (await open().list(first, callContext())).nextPageToken;
    };
    const next = (pageToken: string, context = callContext()): Promise<ListTasksResponse> =>
      open().list(listRequest({ pageSize: 2, pageToken }), context);

    test.each(['page 2', 'x', '%%%', '\u0000', '𝄞', '{}', 'bnVsbA', 'W10', 'x'.repeat(5_000)])(
      'that is none is malformed: %s',
      async (text) => {
        await tokenOf();
        await expect(next(text)).rejects.toEqual(MALFORMED);
      },
    );

    test('that was tampered with gives only tasks of the caller', async () => {
      const token = await tokenOf();
      const intact = idsOf(await next(token));
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
      for (let at = 0; at < token.length; at += 1) {
        const put = alphabet[(alphabet.indexOf(token[at] ?? '') + 1) % alphabet.length];
        const text = token.slice(0, at) + put + token.slice(at + 1);
        const answer = await next(text).then(
          (page) => idsOf(page),
          (error: unknown) => error,
        );
        if (!Array.isArray(answer)) expect(answer).toEqual(MALFORMED);
        // The last bits of base64 may mean nothing.
        else if (capabilities.pageTokens === 'bound') expect(answer).toEqual(intact);
        else expect(answer.filter((id) => !id.startsWith('task-'))).toEqual([]);
      }
    });

    const others: [string, ReturnType<typeof callContext>][] = [
      ['tenant', callContext({ tenant: 'other' })],
      ['owner', callContext({ user: 'other' })],
    ];
    if (capabilities.pageTokens === 'bound') {
      test.each(others)('[I9] of another %s is malformed', async (_, context) => {
        await expect(next(await tokenOf(), context)).rejects.toEqual(MALFORMED);
      });

      test.each<[string, Partial<ListTasksRequest>]>([
        ['context', { contextId: 'context-1' }],
        ['status', { status: WORKING }],
        ['time', { statusTimestampAfter: second(-1) }],
      ])('of a list that is filtered by another %s is malformed', async (_, filter) => {
        const request = { ...filter, pageSize: 2 };
        const [own, whole] = [await tokenOf(filter), await tokenOf()];
        const list = (pageToken: string): Promise<ListTasksResponse> =>
          open().list(listRequest({ ...request, pageToken }), callContext());
        await expect(list(whole)).rejects.toEqual(MALFORMED);
        await expect(next(own)).rejects.toEqual(MALFORMED);
        expect(idsOf(await list(own))).toEqual(['task-1', 'task-0']);
      });
    } else {
      test.each(others)('[I9] of another %s shows no foreign task', async (_, context) => {
        const page = await next(await tokenOf(), context);
        expect(idsOf(page).filter((id) => id.startsWith('task-'))).toEqual([]);
      });
    }
  });
}
