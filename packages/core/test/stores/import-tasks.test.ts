import { seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import { ListTasksRequest, type Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import {
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  resolveUserScope,
  type ServerCallContext,
} from '@a2a-js/sdk/server';
import { beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import {
  type ImportSource,
  type ImportSummary,
  importTasks,
} from '../../src/stores/import-tasks.ts';
import { COMPLETED, message, taskOf, WORKING } from '../fixtures/events.ts';
import { contextOf, storeOn } from '../fixtures/task-stores.ts';
import { noAnswer, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let source: InMemoryTaskStore;
let configsThere: InMemoryPushNotificationStore;
let configsHere: InMemoryPushNotificationStore;
let runs = 0;

beforeEach(() => {
  clock = new TestClock();
  storage = new WrappedStorage();
  source = new InMemoryTaskStore();
  configsThere = new InMemoryPushNotificationStore();
  configsHere = new InMemoryPushNotificationStore();
});

const bring = (fields: Partial<ImportSource> = {}): Promise<ImportSummary> =>
  importTasks(
    { from: source, pushNotifications: configsThere, contexts: [contextOf()], ...fields },
    {
      storage,
      clock,
      entropy: seededEntropy(`import-${runs++}`),
      logger: silentLogger,
      retentionMs: DEFAULT_RETENTION_MS,
      scopeOf: (context) => ({ tenant: context.tenant ?? '', owner: resolveUserScope(context) }),
      configs: configsHere,
    },
  );

const taskWith = (id: string, state = COMPLETED): Task =>
  ({ ...taskOf(state, { history: [message('m1')] }).data, id }) as Task;

const listed = async (context: ServerCallContext = contextOf()): Promise<string[]> => {
  const request = ListTasksRequest.fromJSON({ pageSize: 100 });
  const { tasks, totalSize } = await storeOn(storage, clock).list(request, context);
  expect(totalSize).toBe(tasks.length);
  return tasks.map(({ id }) => id).sort();
};

const configOf = (id: string): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId: 't', url: 'https://example.org/' });

describe('an import', () => {
  test('brings all tasks of the given contexts only, and may be repeated', async () => {
    const contexts = [contextOf('a'), contextOf('b'), contextOf('a', 'other')];
    for (const [n, context] of contexts.entries()) {
      for (const id of ['one', 'two']) await source.save(taskWith(`${id}-${n}`), context);
    }
    const some = contexts.slice(0, 2);
    const done = { imported: 4, unchanged: 0, kept: 0, failed: [] };
    expect(await bring({ contexts: some })).toEqual(done);
    expect(await listed(contexts[0])).toEqual(['one-0', 'two-0']);
    expect(await listed(contexts[1])).toEqual(['one-1', 'two-1']);
    expect(await listed(contexts[2])).toEqual([]);
    const puts = storage.puts.length;
    expect(await bring({ contexts: some })).toEqual({ ...done, imported: 0, unchanged: 4 });
    expect(storage.puts).toHaveLength(puts);
  });

  test('accepts contexts of any form', async () => {
    await source.save(taskWith('one'), contextOf());
    async function* contexts(): AsyncGenerator<ServerCallContext> {
      yield contextOf();
      yield contextOf('nobody');
    }
    expect(await bring({ contexts: contexts() })).toMatchObject({ imported: 1 });
  });

  test('pages to the end, though tasks change while it works', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `task-${String(n).padStart(3, '0')}`);
    for (const id of ids) await source.save(taskWith(id, WORKING), contextOf());
    // Every task that is loaded makes others change: a later page would not be found any more.
    const from = {
      list: source.list.bind(source),
      load: async (id: string, context: ServerCallContext) => {
        for (const other of ids) await source.save(taskWith(other), context);
        return source.load(id, context);
      },
    };
    expect(await bring({ from })).toMatchObject({ imported: 250, failed: [] });
  });

  test('skips a task that was deleted meanwhile', async () => {
    await source.save(taskWith('one'), contextOf());
    const from = { list: source.list.bind(source), load: async () => undefined };
    expect(await bring({ from })).toEqual({ imported: 0, unchanged: 0, kept: 0, failed: [] });
  });

  test('reports the tasks that it left alone', async () => {
    for (const id of ['one', 'two']) await source.save(taskWith(id, WORKING), contextOf());
    await storeOn(storage, clock).save(taskWith('one'), contextOf());
    expect(await bring()).toEqual({ imported: 1, unchanged: 0, kept: 1, failed: [] });
  });

  test('continues after a task that cannot be read or stored, and reports it', async () => {
    const broken = new Error('unreadable');
    for (const id of ['broken', 'good', 'x'.repeat(2_000)]) {
      await source.save(taskWith(id), contextOf());
    }
    const from = {
      list: source.list.bind(source),
      load: (id: string, context: ServerCallContext) =>
        id === 'broken' ? Promise.reject(broken) : source.load(id, context),
    };
    const { failed, ...counts } = await bring({ from });
    expect(counts).toEqual({ imported: 1, unchanged: 0, kept: 0 });
    expect(failed.toSorted((a, b) => (a.taskId < b.taskId ? -1 : 1))).toEqual([
      { taskId: 'broken', error: broken },
      { taskId: 'x'.repeat(2_000), error: expect.objectContaining({ code: 'invalid-key' }) },
    ]);
    expect(await listed()).toEqual(['good']);
  });

  test('stops if the table does not exist', async () => {
    await source.save(taskWith('one'), contextOf());
    storage.onRead = () => Promise.reject(noAnswer());
    await expect(bring()).rejects.toMatchObject({ code: 'unreachable' });
  });

  describe('of push configs', () => {
    beforeEach(async () => {
      await source.save(taskWith('one'), contextOf());
      for (const [id, version] of [
        ['z', '1.0'],
        ['a', '0.3'],
      ] as const) {
        await configsThere.save('one', contextOf('owner', 'tenant', version), configOf(id));
      }
    });
    const here = async (): Promise<[string, string][]> => {
      const stored = await configsHere.loadWithMetadata('one', contextOf());
      return stored.map(({ config, wireVersion }) => [config.id, wireVersion]);
    };

    test('brings them with their task, in their order, under their versions', async () => {
      await bring();
      expect(await here()).toEqual([
        ['z', '1.0'],
        ['a', '0.3'],
      ]);
    });

    test('brings none if their store is not given', async () => {
      await bring({ pushNotifications: undefined });
      expect(await here()).toEqual([]);
    });

    test('brings those of a store that knows no versions', async () => {
      const plain = { load: configsThere.load.bind(configsThere) };
      await bring({ pushNotifications: plain });
      expect(await here()).toEqual([
        ['z', '1.0'],
        ['a', '1.0'],
      ]);
    });

    test('does not bring back deleted ones', async () => {
      await bring();
      await configsHere.delete('one', contextOf(), 'z');
      await bring();
      await source.save(taskWith('one'), contextOf());
      await bring();
      expect(await here()).toEqual([['a', '0.3']]);
    });

    test('brings none to a task that was here before', async () => {
      await storeOn(storage, clock).save(taskWith('one', WORKING), contextOf());
      await bring();
      expect(await here()).toEqual([]);
    });
  });
});
