import type { InstanceRegistry, TaskKey } from '@a2a-aws/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { differentKeys } from '../sample-keys.ts';
import type { InstanceRegistryUnderTest } from './instance-registry-under-test.ts';
import { byRun, byWatch, compare, KEY, run, watch } from './rows.ts';

/** Tests watches of the registry that `open` returns; `factory` makes others. */
export function watches(
  open: () => InstanceRegistry,
  factory: () => Promise<InstanceRegistryUnderTest>,
): void {
  describe('watches', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

    const watchersOf = async (key: TaskKey): Promise<[string, string][]> =>
      byWatch(await registry.watchers(key)).map((row) => [row.watch, row.instance]);

    test('are found under their instance and under their task', async () => {
      await registry.putWatch(watch('w1'));
      await registry.putWatch(watch('w2'));
      await registry.putWatch(watch('w3', { instance: 'b' }));
      await registry.putWatch(watch('w4', { key: { ...KEY, taskId: 'task-2' } }));
      expect(byWatch(await registry.watches('a'))).toEqual([
        watch('w1'),
        watch('w2'),
        watch('w4', { key: { ...KEY, taskId: 'task-2' } }),
      ]);
      expect(await watchersOf(KEY)).toEqual([
        ['w1', 'a'],
        ['w2', 'a'],
        ['w3', 'b'],
      ]);
    });

    test('[I7] are still found under their instance after they were removed from the task', async () => {
      await registry.putWatch(watch('w1'));
      await registry.removeWatch(watch('w1'));
      expect(await watchersOf(KEY)).toEqual([]);
      expect(await registry.watches('a')).toEqual([watch('w1')]);
      await registry.removeWatchIndex(watch('w1'));
      expect(await registry.watches('a')).toEqual([]);
    });

    test('are safe to put and to remove twice', async () => {
      await registry.putWatch(watch('w1'));
      await registry.putWatch(watch('w1'));
      expect(await registry.watches('a')).toEqual([watch('w1')]);
      expect(await watchersOf(KEY)).toEqual([['w1', 'a']]);
      for (let n = 0; n < 2; n += 1) {
        await registry.removeWatch(watch('w1'));
        await registry.removeWatchIndex(watch('w1'));
      }
      expect(await registry.watches('a')).toEqual([]);
      expect(await watchersOf(KEY)).toEqual([]);
    });

    test('leave the runs of their instance alone, and the other way round', async () => {
      await registry.putIntent(run('same-id'));
      await registry.putWatch(watch('same-id'));
      await registry.removeIntent(run('same-id'));
      expect(await registry.watches('a')).toHaveLength(1);
      await registry.putIntent(run('same-id'));
      await registry.removeWatch(watch('same-id'));
      await registry.removeWatchIndex(watch('same-id'));
      expect(await registry.intents('a')).toEqual([run('same-id')]);
    });

    test('[I6] have a watcher, whatever the name of its instance is', async () => {
      const instances = ['a', 'a#b', 'a%23b', 'é', '漢字'];
      for (const instance of instances)
        await registry.putWatch(watch(`w-${instance}`, { instance }));
      const told = (await registry.watchers(KEY)).map((row) => row.instance);
      expect(told.sort(compare)).toEqual(instances.toSorted(compare));
    });
  });

  test('[I9] never mixes the rows of two tasks, whatever their names contain', async () => {
    await fc.assert(
      fc.asyncProperty(differentKeys, async (keys) => {
        const fresh = await factory();
        try {
          for (const [n, key] of keys.entries()) {
            await fresh.registry.putIntent(run(`r${n}`, { key }));
            await fresh.registry.putWatch(watch(`w${n}`, { key }));
          }
          for (const [n, key] of keys.entries()) {
            const told = await fresh.registry.watchers(key);
            expect(told.map((row) => row.watch)).toEqual([`w${n}`]);
          }
          const wanted = keys.map((key, n) => run(`r${n}`, { key }));
          expect(byRun(await fresh.registry.intents('a'))).toEqual(byRun(wanted));
        } finally {
          await fresh.dispose();
        }
      }),
      { numRuns: 6 },
    );
  });
}
