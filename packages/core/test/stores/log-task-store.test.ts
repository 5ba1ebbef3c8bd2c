import type { Task } from '@a2a-js/sdk';
import { ListTasksRequest } from '@a2a-js/sdk';
import { resolveUserScope, ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { MemoryLogStorage } from '../../src/log/memory-storage.ts';
import { DEFAULT_RETENTION_MS } from '../../src/log/retention.ts';
import { silentLogger } from '../../src/logger.ts';
import { LogTaskStore } from '../../src/stores/log-task-store.ts';
import { COMPLETED, message, taskOf, WORKING } from '../fixtures/events.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { seededEntropy } from '../fixtures/seeded-entropy.ts';

const contextOf = (userName = 'owner', tenant = 'tenant'): ServerCallContext =>
  new ServerCallContext({
    requestedVersion: '1.0',
    tenant,
    user: { isAuthenticated: true, userName },
  });

const storeOn = (storage: MemoryLogStorage): LogTaskStore =>
  new LogTaskStore({
    storage,
    scopeOf: (context) => ({ tenant: context.tenant ?? '', owner: resolveUserScope(context) }),
    logger: silentLogger,
    clock: new ManualClock(),
    entropy: seededEntropy('store'),
    retentionMs: DEFAULT_RETENTION_MS,
  });

const task = (fields: Partial<Task> = {}): Task => {
  const { data } = taskOf(WORKING, fields);
  return data as Task;
};

const everything = ListTasksRequest.fromJSON({ includeArtifacts: true });

describe('a task store on any log', () => {
  test('loads, lists and deletes what was saved', async () => {
    const store = storeOn(new MemoryLogStorage());
    const saved = task({ history: [message('m1')], metadata: { a: 1 } });
    await store.save(saved, contextOf());
    expect(await store.load(saved.id, contextOf())).toEqual(saved);
    expect((await store.list(everything, contextOf())).tasks).toEqual([saved]);
    await store.delete(saved.id, contextOf());
    expect(await store.load(saved.id, contextOf())).toBeUndefined();
    expect((await store.list(everything, contextOf())).totalSize).toBe(0);
  });

  test('[I9] shows a task to its owner in its tenant alone', async () => {
    const store = storeOn(new MemoryLogStorage());
    await store.save(task(), contextOf());
    for (const other of [contextOf('other'), contextOf('owner', 'other')]) {
      expect(await store.load(task().id, other)).toBeUndefined();
      expect((await store.list(everything, other)).tasks).toEqual([]);
    }
  });

  test('[I4] judges a save by what its own request has loaded', async () => {
    const storage = new MemoryLogStorage();
    const [one, other] = [storeOn(storage), storeOn(storage)];
    await one.save(task(), contextOf());
    const [late, quick] = [contextOf(), contextOf()];
    const seen = await one.load(task().id, late);
    await other.load(task().id, quick);
    const ended = task({ ...taskOf(COMPLETED).data, history: [message('m2')] } as Task);
    await other.save(ended, quick);
    await one.save({ ...(seen ?? task()), history: [message('late')] }, late);
    expect(await one.load(task().id, contextOf())).toEqual(ended);
  });
});
