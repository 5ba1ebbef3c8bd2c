import { TestClock } from '@a2a-aws/testkit/fakes';
import { ListTasksRequest, type ListTasksResponse, Task, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { InMemoryTaskStore, ServerCallContext } from '@a2a-js/sdk/server';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { MemoryLogStorage } from '../../src/memory/memory-log-storage.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import type { LogStorage, StoredLog } from '../../src/ports/log-storage.ts';
import type { Scope, TaskKey } from '../../src/task-key.ts';
import { COMPLETED, FAILED, message, WORKING } from '../fixtures/events.ts';
import { contextOf, storeOn } from '../fixtures/task-stores.ts';

// Many lists: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const STATES = [WORKING, COMPLETED, FAILED];

const taskOf = (
  id: string,
  fields: { state?: TaskState; at?: string | undefined; context?: string } = {},
): Task => ({
  ...Task.fromJSON({ id, contextId: fields.context ?? 'c0' }),
  status: { state: fields.state ?? WORKING, message: undefined, timestamp: fields.at },
  history: [message('m1'), message('m2'), message('m3')],
  artifacts: [
    { artifactId: 'a', name: '', description: '', parts: [], metadata: undefined, extensions: [] },
  ],
});

/** Tasks in a store, and lists of them. */
class Listed {
  readonly #storage: LogStorage;
  readonly clock: TestClock = new TestClock();

  constructor(storage: LogStorage = new MemoryLogStorage()) {
    this.#storage = storage;
  }

  static async of(...tasks: readonly Task[]): Promise<Listed> {
    const listed = new Listed();
    for (const task of tasks) await listed.save(task);
    return listed;
  }

  save(task: Task): Promise<void> {
    return storeOn(this.#storage, this.clock).save(task, contextOf());
  }

  /** Sets a status as a request does that has loaded the task. */
  async set(id: string, state: TaskState, at: string | undefined): Promise<void> {
    const store = storeOn(this.#storage, this.clock);
    const context = contextOf();
    const task = await store.load(id, context);
    const status = { state, message: undefined, timestamp: at };
    if (task) await store.save({ ...task, status }, context);
  }

  delete(id: string): Promise<void> {
    return storeOn(this.#storage, this.clock).delete(id, contextOf());
  }

  list(request: Partial<ListTasksRequest> = {}): Promise<ListTasksResponse> {
    const all = { ...ListTasksRequest.fromJSON({}), ...request };
    return storeOn(this.#storage, this.clock).list(all, contextOf());
  }

  /** All pages; `between` is called after each. */
  async pages(
    request: Partial<ListTasksRequest>,
    between: () => Promise<void> = async () => {},
  ): Promise<ListTasksResponse[]> {
    const pages: ListTasksResponse[] = [];
    for (let pageToken = ''; pages.length === 0 || pageToken !== ''; ) {
      const page = await this.list({ ...request, pageToken });
      pages.push(page);
      pageToken = page.nextPageToken;
      await between();
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
  .map((all) => all.map((fields, n) => taskOf(`task-${String(n).padStart(2, '0')}`, fields)));

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
        const listed = await Listed.of(...tasks);
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

  test('shows a task once if its status does not change meanwhile, and any other task at most once, whatever its clock is', async () => {
    const anyTime = fc.constantFrom(
      second(99),
      second(3),
      second(-99),
      '9999-12-31T23:59:59.999Z',
      '1969-12-31T00:00:00Z',
      'yesterday',
      undefined,
    );
    const change = fc.record({
      which: fc.nat(11),
      how: fc.constantFrom('set' as const, 'set' as const, 'gone' as const, 'new' as const),
      at: anyTime,
      state: fc.constantFrom(...STATES),
    });
    const changes = fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(anyTasks, changes, async (tasks, all) => {
        const listed = await Listed.of(...tasks);
        const changed = new Set<string>();
        const left = [...all];
        let made = 0;
        const pages = await listed.pages({ pageSize: 2 }, async () => {
          for (const { which, how, at, state } of left.shift() ?? []) {
            const id = tasks[which]?.id ?? '';
            if (how === 'new') await listed.save(taskOf(`new-${made++}`, { at }));
            else if (id !== '') {
              changed.add(id);
              if (how === 'gone') await listed.delete(id);
              else await listed.set(id, state, at);
            }
          }
        });
        const shown = ids(...pages);
        expect(new Set(shown).size).toBe(shown.length);
        for (const { id } of tasks.filter((task) => !changed.has(task.id))) {
          expect(shown).toContain(id);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('keeps the place of a task whose status got an earlier time, and filters by that time', async () => {
    const listed = await Listed.of(
      taskOf('a', { at: second(1) }),
      taskOf('b', { at: second(2) }),
      taskOf('c', { at: second(3) }),
    );
    await listed.set('c', WORKING, second(0));
    expect(ids(await listed.list())).toEqual(['c', 'b', 'a']);
    expect(ids(await listed.list({ statusTimestampAfter: second(1) }))).toEqual(['b']);
  });

  test('takes a time without an offset for UTC, wherever the machine is', async () => {
    const listed = await Listed.of(
      taskOf('a', { at: '2026-01-01T11:59:59Z' }),
      taskOf('b', { at: '2026-01-01T12:00:01Z' }),
    );
    vi.stubEnv('TZ', 'America/New_York');
    try {
      expect(new Date('2026-01-01T12:00:00Z').getHours()).toBe(7);
      const statusTimestampAfter = '2026-01-01T12:00:00';
      expect(ids(await listed.list({ statusTimestampAfter }))).toEqual(['b']);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('shows only the requested parts', async () => {
    const listed = await Listed.of(taskOf('t'));
    const one = async (request: Partial<ListTasksRequest>): Promise<unknown> => {
      const [task] = (await listed.list(request)).tasks;
      return [task?.artifacts.length, task?.history.map(({ messageId }) => messageId)];
    };
    expect(await one({})).toEqual([0, ['m1', 'm2', 'm3']]);
    expect(await one({ includeArtifacts: true })).toEqual([1, ['m1', 'm2', 'm3']]);
    expect(await one({ historyLength: 2 })).toEqual([0, ['m2', 'm3']]);
    expect(await one({ historyLength: 0 })).toEqual([0, []]);
  });

  test('leaves out expired tasks, and does not count them', async () => {
    const listed = await Listed.of(taskOf('a', { state: COMPLETED }));
    await listed.clock.advance(1);
    await listed.save(taskOf('b', { state: COMPLETED }));
    await listed.clock.advance(DEFAULT_RETENTION_MS);
    expect(await listed.list()).toMatchObject({ tasks: [{ id: 'b' }], totalSize: 1 });
  });

  test('continues behind a task that was deleted meanwhile', async () => {
    const listed = await Listed.of(taskOf('a'), taskOf('b'), taskOf('c'));
    const first = await listed.list({ pageSize: 1 });
    expect(ids(first)).toEqual(['c']);
    await listed.delete('c');
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
    await expect((await Listed.of(taskOf('t'))).list(request)).rejects.toEqual(refused);
  });
});

/** A storage whose index shows an earlier state of tasks, and some of whose logs are unreadable. */
class Lagging extends MemoryLogStorage {
  readonly stale = new Map<string, string>();
  readonly broken = new Map<string, BackendError>();

  override list(...[scope, filter, each]: Parameters<LogStorage['list']>): Promise<void> {
    return super.list(scope, filter, (task) => {
      const at = this.stale.get(task.taskId);
      each(at === undefined ? task : { ...task, latest: Date.parse(at) });
    });
  }

  override load(key: Scope & TaskKey): Promise<StoredLog> {
    const error = this.broken.get(key.taskId);
    return error ? Promise.reject(error) : super.load(key);
  }
}

describe('a list from an index that lags', () => {
  test('does not show a task again that has risen before this page', async () => {
    const storage = new Lagging();
    const listed = new Listed(storage);
    for (const n of [1, 2, 3, 4]) await listed.save(taskOf(`t${n}`, { at: second(n) }));
    await listed.set('t1', WORKING, second(9));
    const first = await listed.list({ pageSize: 2 });
    expect(ids(first)).toEqual(['t1', 't4']);
    storage.stale.set('t1', second(1));
    expect(ids(await listed.list({ pageToken: first.nextPageToken }))).toEqual(['t3', 't2']);
  });

  test('shows a task that has risen on a first page, where it cannot have been shown before', async () => {
    const storage = new Lagging();
    const listed = new Listed(storage);
    await listed.save(taskOf('t1', { at: second(9) }));
    storage.stale.set('t1', second(1));
    expect(ids(await listed.list())).toEqual(['t1']);
  });

  test('shows no task whose present status does not match the filter', async () => {
    const storage = new MemoryLogStorage();
    const listed = new Listed(storage);
    await listed.save(taskOf('t1', { at: second(1) }));
    const putHead = storage.putHead.bind(storage);
    storage.putHead = async () => {};
    await listed.set('t1', COMPLETED, second(2));
    storage.putHead = putHead;
    expect(ids(await listed.list({ status: WORKING }))).toEqual([]);
  });

  test('leaves out a task that cannot be read, and no other', async () => {
    const storage = new Lagging();
    const listed = new Listed(storage);
    for (const n of [1, 2]) await listed.save(taskOf(`t${n}`, { at: second(n) }));
    storage.broken.set('t1', new BackendError('corrupt-log', 'Broken.'));
    expect(ids(await listed.list())).toEqual(['t2']);
    storage.broken.set('t1', new BackendError('unreachable', 'No answer.'));
    await expect(listed.list()).rejects.toMatchObject({ code: 'unreachable' });
  });
});
