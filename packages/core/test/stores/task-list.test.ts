import { ListTasksRequest, type ListTasksResponse, Task, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { InMemoryTaskStore, ServerCallContext } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryLogStorage } from '../../src/log/memory-storage.ts';
import { FIRST_SLOT } from '../../src/log/slot.ts';
import { listTasks } from '../../src/stores/task-list.ts';
import { COMPLETED, FAILED, message, WORKING } from '../fixtures/events.ts';

const SCOPE = { tenant: '', owner: 'owner' };
const STATES = [WORKING, COMPLETED, FAILED];

const taskOf = (
  id: string,
  fields: { state?: TaskState; at?: string; context?: string } = {},
): Task => ({
  ...Task.fromJSON({ id, contextId: fields.context ?? 'c0' }),
  status: { state: fields.state ?? WORKING, message: undefined, timestamp: fields.at },
  history: [message('m1'), message('m2'), message('m3')],
  artifacts: [
    { artifactId: 'a', name: '', description: '', parts: [], metadata: undefined, extensions: [] },
  ],
});

/** Tasks whose heads are stored, and a list of them. */
class Listed {
  readonly tasks = new Map<string, Task>();
  readonly hidden = new Set<string>();
  readonly #storage = new MemoryLogStorage();
  #generation = 1;

  constructor(tasks: readonly Task[]) {
    for (const task of tasks) this.put(task);
  }

  put(task: Task): void {
    this.tasks.set(task.id, task);
    this.#generation += 1;
    void this.#storage.putHead(
      { ...SCOPE, taskId: task.id },
      {
        taskId: task.id,
        contextId: task.contextId,
        state: task.status?.state ?? WORKING,
        timestamp: task.status?.timestamp ?? '',
        at: 0,
        slot: { ...FIRST_SLOT, generation: this.#generation },
      },
    );
  }

  list(request: Partial<ListTasksRequest> = {}): Promise<ListTasksResponse> {
    return listTasks(
      { ...ListTasksRequest.fromJSON({}), ...request },
      SCOPE,
      this.#storage,
      async ({ taskId }) => this.tasks.get(taskId),
      ({ taskId }) => !this.hidden.has(taskId),
    );
  }

  /** All pages; `between` is called after each. */
  async pages(
    request: Partial<ListTasksRequest>,
    between: () => void = () => {},
  ): Promise<ListTasksResponse[]> {
    const pages: ListTasksResponse[] = [];
    for (let pageToken = ''; pages.length === 0 || pageToken !== ''; ) {
      const page = await this.list({ ...request, pageToken });
      pages.push(page);
      pageToken = page.nextPageToken;
      between();
    }
    return pages;
  }
}

const ids = (...pages: readonly ListTasksResponse[]): string[] =>
  pages.flatMap((page) => page.tasks.map(({ id }) => id));

const second = (n: number): string => new Date(1_700_000_000_000 + n * 1000).toISOString();

const anyTasks = fc
  .array(
    fc.record({
      state: fc.constantFrom(...STATES),
      at: fc.option(fc.nat(5).map(second), { nil: undefined, freq: 8 }),
      context: fc.constantFrom('c0', 'c1'),
    }),
    { maxLength: 12 },
  )
  .map((all) =>
    all.map(({ state, at, context }, n) =>
      taskOf(`task-${String(n).padStart(2, '0')}`, { state, context, ...(at ? { at } : {}) }),
    ),
  );

const anyFilter = fc.record({
  contextId: fc.constantFrom('', 'c0', 'c1', 'c9'),
  status: fc.constantFrom(TaskState.TASK_STATE_UNSPECIFIED, ...STATES),
  statusTimestampAfter: fc.constantFrom(undefined, second(2), second(9)),
  pageSize: fc.constantFrom(1, 2, 3, 50),
});

describe('a list of tasks', () => {
  test("is that of the SDK's own store, filtered, page by page", async () => {
    await fc.assert(
      fc.asyncProperty(anyTasks, anyFilter, async (tasks, filter) => {
        const own = new InMemoryTaskStore();
        const context = new ServerCallContext({ requestedVersion: '1.0' });
        for (const task of tasks) await own.save(task, context);
        const listed = new Listed(tasks);
        let pageToken = '';
        for (const page of await listed.pages(filter)) {
          const request = { ...ListTasksRequest.fromJSON({}), ...filter, pageToken };
          const theirs = await own.list(request, context);
          expect(ids(page)).toEqual(ids(theirs));
          expect(page.totalSize).toBe(theirs.totalSize);
          expect(page.pageSize).toBe(theirs.pageSize);
          expect(page.nextPageToken === '').toBe(theirs.nextPageToken === '');
          pageToken = theirs.nextPageToken;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('shows a task once whose status does not change meanwhile, whatever others do', async () => {
    const change = fc.record({
      which: fc.nat(11),
      how: fc.constantFrom('newer' as const, 'gone' as const, 'new' as const),
    });
    await fc.assert(
      fc.asyncProperty(anyTasks, fc.array(change, { maxLength: 6 }), async (tasks, changes) => {
        const listed = new Listed(tasks);
        const changed = new Set<string>();
        const left = [...changes];
        let made = 0;
        const pages = await listed.pages({ pageSize: 2 }, () => {
          const next = left.shift();
          const task = next && tasks[next.which];
          if (next?.how === 'new') listed.put(taskOf(`new-${made++}`, { at: second(made) }));
          else if (task) {
            changed.add(task.id);
            if (next.how === 'gone') listed.hidden.add(task.id);
            else
              listed.put({
                ...task,
                status: {
                  ...taskOf('').status,
                  state: COMPLETED,
                  message: undefined,
                  timestamp: second(99),
                },
              });
          }
        });
        const shown = ids(...pages);
        for (const { id } of tasks.filter((task) => !changed.has(task.id))) {
          expect(shown.filter((one) => one === id)).toEqual([id]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('shows what it was asked for, and not more', async () => {
    const listed = new Listed([taskOf('t')]);
    const one = async (request: Partial<ListTasksRequest>): Promise<unknown> => {
      const [task] = (await listed.list(request)).tasks;
      return [task?.artifacts.length, task?.history.map(({ messageId }) => messageId)];
    };
    expect(await one({})).toEqual([0, ['m1', 'm2', 'm3']]);
    expect(await one({ includeArtifacts: true })).toEqual([1, ['m1', 'm2', 'm3']]);
    expect(await one({ historyLength: 2 })).toEqual([0, ['m2', 'm3']]);
    expect(await one({ historyLength: 0 })).toEqual([0, []]);
  });

  test('leaves out what is invisible, and what is gone by the time that it is read', async () => {
    const listed = new Listed([taskOf('a'), taskOf('b'), taskOf('c')]);
    listed.hidden.add('a');
    listed.tasks.delete('b');
    const page = await listed.list();
    expect(ids(page)).toEqual(['c']);
    expect(page.totalSize).toBe(2);
  });

  test('goes on behind a task that is not there any more', async () => {
    const listed = new Listed([taskOf('a'), taskOf('b'), taskOf('c')]);
    const first = await listed.list({ pageSize: 1 });
    expect(ids(first)).toEqual(['c']);
    listed.hidden.add('c');
    expect(ids(await listed.list({ pageSize: 1, pageToken: first.nextPageToken }))).toEqual(['b']);
  });

  test.each<[string, Partial<ListTasksRequest>]>([
    ['no page', { pageSize: 0 }],
    ['a page that is too large', { pageSize: 101 }],
    ['half a task', { pageSize: 1.5 }],
    ['a state that is none', { status: 77 as TaskState }],
    ['a state that could not be read', { status: TaskState.UNRECOGNIZED }],
    ['a time that is none', { statusTimestampAfter: 'yesterday' }],
    ['a page token of somebody else', { pageToken: 'page 2' }],
  ])('is refused for %s', async (_, request) => {
    const refused = expect.toSatisfy((error: unknown) => error instanceof RequestMalformedError);
    await expect(new Listed([taskOf('t')]).list(request)).rejects.toEqual(refused);
  });
});
