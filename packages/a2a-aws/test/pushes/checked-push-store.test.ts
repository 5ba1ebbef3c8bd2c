import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { InMemoryPushNotificationStore, ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, test } from 'vitest';
import { type CheckedStoreDeps, checkedStore } from '../../src/pushes/checked-push-store.ts';
import { pushSettings } from '../../src/pushes/push-settings.ts';

const context = new ServerCallContext({});

/** A store of several instances, which is slow and counts its reads. */
class SharedStore extends InMemoryPushNotificationStore {
  loads = 0;

  override async load(...args: Parameters<InMemoryPushNotificationStore['load']>) {
    this.loads += 1;
    await new Promise(setImmediate);
    return super.load(...args);
  }

  override async save(...args: Parameters<InMemoryPushNotificationStore['save']>) {
    await new Promise(setImmediate);
    await super.save(...args);
  }
}

const deps: CheckedStoreDeps = {
  settings: pushSettings({ maxConfigs: 4 }),
  hasCustomSender: false,
  scopeOf: () => ({ tenant: '', owner: 'ann' }),
};

const configOf = (id: string, url = 'https://example.com/'): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId: 'task-1', url });

describe('the limit', () => {
  test('holds for calls at once on several instances', async () => {
    const shared = new SharedStore();
    const stores = [1, 2, 3].map(() => checkedStore(shared, deps));
    const saves = Array.from({ length: 30 }, (_, at) =>
      stores[at % 3]?.save('task-1', context, configOf(`config-${at}`)),
    );
    const saved = (await Promise.allSettled(saves)).filter(({ status }) => status === 'fulfilled');
    const { length } = await shared.load('task-1', context);
    expect(length).toBe(saved.length);
    expect(length).toBeLessThanOrEqual(4);
    expect(length).toBeGreaterThan(0);
  });

  test('does not concern a config that is saved again, or configs of another task', async () => {
    const shared = new SharedStore();
    const store = checkedStore(shared, deps);
    for (const id of ['a', 'b', 'c', 'd']) await store.save('task-1', context, configOf(id));
    await expect(store.save('task-1', context, configOf('e'))).rejects.toThrow(
      RequestMalformedError,
    );
    await expect(store.save('task-1', context, configOf(''))).rejects.toThrow('at most 4');
    await store.save('task-1', context, configOf('a', 'https://example.org/'));
    await store.save('task-2', context, configOf('e'));
    expect((await shared.load('task-1', context)).map(({ id }) => id).sort()).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  test('holds for more instances than a task may have configs', async () => {
    const shared = new SharedStore();
    const saves = Array.from({ length: 20 }, (_, at) =>
      checkedStore(shared, deps).save('task-1', context, configOf(`config-${at}`)),
    );
    const saved = (await Promise.allSettled(saves)).filter(({ status }) => status === 'fulfilled');
    const { length } = await shared.load('task-1', context);
    expect(length).toBe(saved.length);
    expect(length).toBeLessThanOrEqual(4);
  });

  test('costs two reads for a new config, and one for a known one', async () => {
    const shared = new SharedStore();
    const store = checkedStore(shared, deps);
    await store.save('task-1', context, configOf('a'));
    expect(shared.loads).toBe(2);
    await store.save('task-1', context, configOf('a'));
    expect(shared.loads).toBe(3);
  });

  test('is not exceeded by configs that an older release has stored', async () => {
    const shared = new SharedStore();
    for (let at = 0; at < 9; at += 1) await shared.save('task-1', context, configOf(`old-${at}`));
    const store = checkedStore(shared, deps);
    await expect(store.save('task-1', context, configOf('new'))).rejects.toThrow('at most 4');
    await store.save('task-1', context, configOf('old-3', 'https://example.org/'));
    expect(await shared.load('task-1', context)).toHaveLength(9);
  });
});

test('A failed save does not stop later ones.', async () => {
  const shared = new SharedStore();
  const store = checkedStore(shared, deps);
  await expect(store.save('task-1', context, configOf('a', 'http://example.com/'))).rejects.toThrow(
    RequestMalformedError,
  );
  await store.save('task-1', context, configOf('b'));
  expect(await store.load('task-1', context)).toHaveLength(1);
});

test('A sender of the application may have other URLs, but no other characters.', async () => {
  const store = checkedStore(new SharedStore(), { ...deps, hasCustomSender: true });
  await store.save('task-1', context, configOf('a', 'http://10.0.0.1/'));
  await store.save('task-1', context, configOf('b', 'sqs://queue'));
  await expect(store.save('task-1', context, configOf('c', 'http://a\nb/'))).rejects.toThrow(
    RequestMalformedError,
  );
});
