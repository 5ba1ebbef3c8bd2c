import type { InstanceRegistry } from '@a2a-aws/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { byRun, KEY, run } from './rows.ts';

/** Tests intents of the registry that `open` returns. */
export function intents(open: () => InstanceRegistry): void {
  describe('intents', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

    test('are found under their instance until they are removed', async () => {
      const rows = [
        run('r1'),
        run('r2', { purpose: 'cancel' }),
        run('r3', { purpose: 'clean', key: { ...KEY, taskId: 'task-2' } }),
        run('r4', { purpose: 'push' }),
      ];
      for (const row of rows) await registry.putIntent(row);
      expect(byRun(await registry.intents('a'))).toEqual(rows);
      await registry.removeIntent(run('r2', { purpose: 'cancel' }));
      expect(byRun(await registry.intents('a')).map((row) => row.run)).toEqual(['r1', 'r3', 'r4']);
    });

    test('are safe to put and to remove twice', async () => {
      await registry.putIntent(run('r1'));
      await registry.putIntent(run('r1'));
      expect(await registry.intents('a')).toEqual([run('r1')]);
      await registry.removeIntent(run('r1'));
      await registry.removeIntent(run('r1'));
      expect(await registry.intents('a')).toEqual([]);
    });

    test('[I7] are those of one instance, not of another whose name begins alike', async () => {
      const instances = ['a', 'a-b', 'a#run', 'a%23run'];
      for (const instance of instances)
        await registry.putIntent(run(`r-${instance}`, { instance }));
      for (const instance of instances) {
        expect(await registry.intents(instance)).toEqual([run(`r-${instance}`, { instance })]);
      }
    });

    test('are read to the end when they are more than a page', async () => {
      const rows = Array.from({ length: 800 }, (_, n) =>
        run(`r${n}`, { key: { ...KEY, taskId: `${n}-${'x'.repeat(1_400)}` } }),
      );
      for (let at = 0; at < rows.length; at += 50) {
        await Promise.all(rows.slice(at, at + 50).map((row) => registry.putIntent(row)));
      }
      expect(byRun(await registry.intents('a'))).toEqual(byRun(rows));
    });
  });
}
