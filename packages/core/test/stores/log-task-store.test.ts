import { listedTasks } from '@a2a-aws/testkit';
import { TestClock } from '@a2a-aws/testkit/fakes';
import type { Task } from '@a2a-js/sdk';
import { Artifact, ListTasksRequest } from '@a2a-js/sdk';
import { describe, expect, test, vi } from 'vitest';
import { MemoryLogStorage } from '../../src/memory/memory-log-storage.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { COMPLETED, KEY, message, taskOf, WORKING } from '../fixtures/events.ts';
import { contextOf, storeOn } from '../fixtures/task-stores.ts';
import {
  doneUnanswered,
  lost,
  noAnswer,
  pass,
  WrappedStorage,
} from '../fixtures/wrapped-storage.ts';

const task = (fields: Partial<Task> = {}): Task => {
  const { data } = taskOf(WORKING, fields);
  return data as Task;
};

const everything = ListTasksRequest.fromJSON({ includeArtifacts: true });

describe('a task store on any log', () => {
  test('loads, lists and deletes saved tasks', async () => {
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

  test('[I4] compares a save with the task that its own request has loaded', async () => {
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

  test('[I6] gives up a save in time; a repeated save adds no entry twice', async () => {
    const storage = new WrappedStorage();
    const clock = new TestClock();
    const store = storeOn(storage, clock);
    const context = contextOf();
    const artifact = (...texts: string[]): Task['artifacts'][0] => ({
      ...Artifact.fromJSON({ artifactId: 'a', parts: texts.map((text) => ({ text })) }),
    });
    await store.save(task({ artifacts: [artifact('1')] }), context);
    const saved = task({ artifacts: [artifact('1', '2')] });
    storage.script.push(doneUnanswered);
    storage.onPut = lost;
    const given = store.save(saved, context).catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(await given).toMatchObject({ code: 'unreachable' });
    storage.onPut = pass;
    await store.save(saved, context);
    expect(await store.load(saved.id, contextOf())).toEqual(saved);
  });

  test('puts a task on the lists that a save left off, once it is read', async () => {
    const storage = new WrappedStorage();
    const store = storeOn(storage);
    storage.onHead = lost;
    const unlisted = store.save(task(), contextOf());
    await expect(unlisted).rejects.toMatchObject({ code: 'unreachable' });
    expect(await listedTasks(storage, KEY)).toEqual([]);
    expect(await store.load(task().id, contextOf())).toEqual(task());
    expect(await listedTasks(storage, KEY)).toEqual([]);
    storage.onHead = pass;
    await store.load(task().id, contextOf());
    expect(await listedTasks(storage, KEY)).toMatchObject([{ state: WORKING }]);
  });

  test('writes a head when the status changes, and at no other time', async () => {
    const storage = new WrappedStorage();
    const store = storeOn(storage);
    let heads = 0;
    storage.onHead = (call) => {
      heads += 1;
      return call();
    };
    const context = contextOf();
    await store.save(task(), context);
    await store.save(task({ history: [message('m1')] }), context);
    await store.save(task({ history: [message('m1')], metadata: { a: 1 } }), context);
    await store.load(task().id, contextOf());
    await store.list(everything, contextOf());
    expect(heads).toBe(1);
    await store.save(task(taskOf(COMPLETED).data as Task), context);
    expect(heads).toBe(2);
  });

  test('removes a task from the lists that a cut deletion left there, once it is read', async () => {
    const storage = new MemoryLogStorage();
    const store = storeOn(storage);
    await store.save(task(), contextOf());
    const erase = vi.spyOn(storage, 'erase').mockRejectedValue(noAnswer());
    const deletion = store.delete(task().id, contextOf());
    await expect(deletion).rejects.toMatchObject({ code: 'unreachable' });
    expect(await store.load(task().id, contextOf())).toBeUndefined();
    erase.mockRestore();
    await store.list(everything, contextOf());
    expect((await store.list(everything, contextOf())).totalSize).toBe(0);
  });

  test('[I6] gives up a deletion in time', async () => {
    const storage = new WrappedStorage();
    const clock = new TestClock();
    const store = storeOn(storage, clock);
    await store.save(task(), contextOf());
    storage.onPut = lost;
    const given = store.delete(task().id, contextOf()).catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(await given).toMatchObject({ code: 'unreachable' });
    storage.onPut = pass;
    await store.delete(task().id, contextOf());
    expect(await store.load(task().id, contextOf())).toBeUndefined();
  });

  test('saves the entries that a live task needs from expiring, by a snapshot', async () => {
    const storage = new WrappedStorage();
    const clock = new TestClock();
    const store = storeOn(storage, clock);
    const history = [message('m0')];
    await store.save(task({ history }), contextOf());
    for (const id of ['m1', 'm2', 'm3']) {
      await clock.advance(DEFAULT_RETENTION_MS * 0.6);
      history.push(message(id));
      const context = contextOf();
      await store.load(task().id, context);
      await store.save(task({ history }), context);
    }
    // At 1.2 retentions the first record is too old; at 1.8 nothing that is still needed.
    expect(storage.snapshots).toHaveLength(1);
    expect(await store.load(task().id, contextOf())).toEqual(task({ history }));
  });
});
