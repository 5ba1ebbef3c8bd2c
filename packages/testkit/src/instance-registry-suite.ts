import {
  type FleetKey,
  type InstanceRegistry,
  type Intent,
  type Lease,
  newFleetKey,
  systemEntropy,
  type TaskKey,
  type WatchRow,
} from '@a2a-aws/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differentKeys } from './sample-keys.ts';

/** A registry without any row, and how to get rid of it. */
export interface InstanceRegistryUnderTest {
  readonly registry: InstanceRegistry;
  dispose(): Promise<void>;
}

const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
const ADDRESS = { queueName: 'queue-a', queueUrl: 'http://queue/a', subscriptionArn: 'arn:a' };

const run = (id: string, fields: Partial<Intent> = {}): Intent => ({
  instance: 'a',
  run: id,
  key: KEY,
  purpose: 'execute',
  ...fields,
});

const watch = (id: string, fields: Partial<WatchRow> = {}): WatchRow => ({
  instance: 'a',
  watch: id,
  key: KEY,
  ...fields,
});

const byRun = (rows: readonly Intent[]): Intent[] => rows.toSorted((a, b) => compare(a.run, b.run));
const byWatch = <T extends { watch: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => compare(a.watch, b.watch));
const names = (leases: readonly Lease[]): string[] => leases.map((l) => l.instance).sort(compare);

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The laws of the {@link InstanceRegistry} port, as tests of whatever `factory` makes. */
export function instanceRegistrySuite(
  name: string,
  factory: () => Promise<InstanceRegistryUnderTest>,
): void {
  describe(`${name} as an InstanceRegistry`, () => {
    let subject: InstanceRegistryUnderTest;
    let registry: InstanceRegistry;

    beforeEach(async () => {
      subject = await factory();
      registry = subject.registry;
    });

    afterEach(() => subject.dispose());

    const watchersOf = async (key: TaskKey): Promise<[string, string][]> =>
      byWatch(await registry.watchers(key)).map((row) => [row.watch, row.instance]);

    describe('the doorbell keys', () => {
      const plain = (keys: readonly FleetKey[]) =>
        keys.map(({ id, secret, serial }) => ({ id, serial, secret: [...secret] }));
      const made = (serial: number): FleetKey => ({ ...newFleetKey(systemEntropy), serial });
      const none = (): FleetKey => {
        throw new Error('There is a key.');
      };

      test('are made once, whoever asks first, and stay the same', async () => {
        const candidates = Array.from({ length: 8 }, () => made(1));
        const sets = await Promise.all(
          candidates.map((candidate) => registry.doorbellKeys(() => candidate)),
        );
        const [first] = sets;
        for (const set of sets) expect(plain(set.keys)).toEqual(plain(first?.keys ?? []));
        expect(first?.keys).toHaveLength(1);
        expect(candidates.map(({ id }) => id)).toContain(first?.keys[0]?.id);
        const again = await registry.doorbellKeys(none);
        expect(again.fleet).toBe(first?.fleet);
        expect(plain(again.keys)).toEqual(plain(first?.keys ?? []));
      });

      test('are replaced, in their order, if they are still those that were seen', async () => {
        const [one, two, three] = [made(1), made(2), made(3)];
        await registry.doorbellKeys(() => one);
        expect(await registry.replaceDoorbellKeys([two], [three])).toBe(false);
        expect(await registry.replaceDoorbellKeys([one], [one, two])).toBe(true);
        expect(await registry.replaceDoorbellKeys([one], [three])).toBe(false);
        expect(await registry.replaceDoorbellKeys([two, one], [three])).toBe(false);
        expect(plain((await registry.doorbellKeys(none)).keys)).toEqual(plain([one, two]));
        expect(await registry.replaceDoorbellKeys([one, two], [two, one])).toBe(true);
        expect(plain((await registry.doorbellKeys(none)).keys)).toEqual(plain([two, one]));
      });

      test('are not made by a replacement', async () => {
        expect(await registry.replaceDoorbellKeys([], [made(1)])).toBe(false);
        const key = made(1);
        expect(plain((await registry.doorbellKeys(() => key)).keys)).toEqual(plain([key]));
      });
    });

    describe('a lease', () => {
      test('is alive from its registration, and names its queue', async () => {
        expect(await registry.register('a', 'queue-a')).toBe(true);
        const table = await registry.identity();
        const address = { queueName: 'queue-a' };
        const lease = { instance: 'a', state: 'alive', beat: 0, address, table };
        expect(await registry.lease('a')).toEqual(lease);
        expect(await registry.leases()).toEqual([lease]);
      });

      test('keeps the terms that it was registered with', async () => {
        const about = { host: 'host-a', version: '1.2.3', startedAt: 1_000 };
        const terms = { leaseMs: 7_000, serves: false, ...about };
        await registry.register('a', 'queue-a', terms);
        await registry.beat('a', 1, 2_000);
        const lease = { ...terms, beat: 1, renewedAt: 2_000 };
        expect(await registry.lease('a')).toMatchObject(lease);
        expect(await registry.leases()).toMatchObject([lease]);
      });

      test('[I7] names the place of its row, by a name that does not change', async () => {
        await registry.register('a', 'queue-a');
        const { table = '' } = (await registry.lease('a')) ?? {};
        expect(table).not.toBe('');
        expect(await registry.identity()).toBe(table);
      });

      test('may be registered again, which changes nothing', async () => {
        await registry.register('a', 'queue-a');
        await registry.beat('a', 7);
        expect(await registry.register('a', 'queue-a')).toBe(true);
        expect(await registry.lease('a')).toMatchObject({ beat: 7, state: 'alive' });
        expect(await registry.leases()).toHaveLength(1);
      });

      test('takes the address where its instance is heard', async () => {
        await registry.register('a', 'queue-a');
        expect(await registry.setAddress('a', ADDRESS, 1)).toBe(true);
        expect(await registry.setAddress('a', ADDRESS, 1)).toBe(true);
        expect(await registry.lease('a')).toMatchObject({ address: ADDRESS, beat: 0 });
      });

      test('[I7] keeps the addresses that were given up, until they are said no more', async () => {
        await registry.register('a', 'queue-a');
        await registry.setAddress('a', ADDRESS, 1);
        const bare = { queueName: 'queue-a-r2' };
        const moved = { queueName: 'queue-a-r3', former: [ADDRESS, bare] };
        expect(await registry.setAddress('a', moved, 2)).toBe(true);
        expect((await registry.lease('a'))?.address).toEqual(moved);
        // Fields that only the former one had are not kept.
        const made = { queueName: 'queue-a-r3', queueUrl: 'http://queue/a-r3', former: [] };
        expect(await registry.setAddress('a', made, 3)).toBe(true);
        const { former: _, ...current } = made;
        expect((await registry.lease('a'))?.address).toEqual(current);
      });

      test('[I7] keeps an address from one that was said before and comes late', async () => {
        await registry.register('a', 'queue-a');
        const later = { queueName: 'queue-a-r1', former: [ADDRESS] };
        expect(await registry.setAddress('a', later, 2)).toBe(true);
        await registry.setAddress('a', ADDRESS, 1);
        expect((await registry.lease('a'))?.address).toEqual(later);
        expect(await registry.setAddress('a', later, 2)).toBe(true);
        await registry.beat('a', 1);
        await registry.markDead('a', 1);
        expect(await registry.setAddress('a', ADDRESS, 3)).toBe(false);
        expect((await registry.lease('a'))?.address).toEqual(later);
      });

      test('beats', async () => {
        await registry.register('a', 'queue-a');
        await registry.setAddress('a', ADDRESS, 1);
        expect(await registry.beat('a', 1)).toBe(true);
        expect(await registry.beat('a', 2)).toBe(true);
        expect(await registry.lease('a')).toEqual({
          instance: 'a',
          state: 'alive',
          beat: 2,
          address: ADDRESS,
          table: await registry.identity(),
        });
      });

      test('[I5] is declared dead only by who saw its last beat', async () => {
        await registry.register('a', 'queue-a');
        await registry.beat('a', 2);
        expect(await registry.markDead('a', 1)).toBe(false);
        expect(await registry.lease('a')).toMatchObject({ state: 'alive' });
        expect(await registry.markDead('a', 2)).toBe(true);
        expect(await registry.lease('a')).toMatchObject({ state: 'dead', beat: 2 });
      });

      test('may be declared dead again, whatever beat was seen', async () => {
        await registry.register('a', 'queue-a');
        await registry.markDead('a', 0);
        expect(await registry.markDead('a', 0)).toBe(true);
        expect(await registry.markDead('a', 9)).toBe(true);
      });

      test('[I7] of a dead instance says for how long it has been dead at least', async () => {
        await registry.register('a', 'queue-a');
        await registry.noteDeadFor('a', 1_000);
        expect(await registry.lease('a')).not.toHaveProperty('deadForMs');
        await registry.markDead('a', 0);
        await registry.noteDeadFor('a', 10_000);
        expect(await registry.lease('a')).toMatchObject({ state: 'dead', deadForMs: 10_000 });
        // It comes late.
        await registry.noteDeadFor('a', 5_000);
        await registry.markDead('a', 0);
        expect(await registry.leases()).toMatchObject([{ instance: 'a', deadForMs: 10_000 }]);
        await registry.removeLease('a');
        await registry.noteDeadFor('a', 20_000);
        expect(await registry.leases()).toEqual([]);
      });

      test('[I5] refuses all that would bring a dead instance back', async () => {
        await registry.register('a', 'queue-a');
        await registry.beat('a', 1);
        await registry.markDead('a', 1);
        expect(await registry.beat('a', 2)).toBe(false);
        expect(await registry.setAddress('a', ADDRESS, 1)).toBe(false);
        expect(await registry.register('a', 'queue-a')).toBe(false);
        expect(await registry.lease('a')).toEqual({
          instance: 'a',
          state: 'dead',
          beat: 1,
          address: { queueName: 'queue-a' },
          table: await registry.identity(),
        });
      });

      test('[I7] is never made by a beat, an address or a death', async () => {
        expect(await registry.beat('a', 1)).toBe(false);
        expect(await registry.setAddress('a', ADDRESS, 1)).toBe(false);
        expect(await registry.markDead('a', 0)).toBe(false);
        expect(await registry.lease('a')).toBeUndefined();
        expect(await registry.leases()).toEqual([]);
      });

      test('[I5] of one beat that races a death: one of them is refused', async () => {
        for (const instance of ['a', 'b', 'c', 'd']) {
          await registry.register(instance, `queue-${instance}`);
          const [beaten, died] = await Promise.all([
            registry.beat(instance, 1),
            registry.markDead(instance, 0),
          ]);
          expect(beaten).toBe(!died);
        }
      });

      test('is removed, twice, without a trace and without touching another', async () => {
        await registry.register('a', 'queue-a');
        await registry.register('b', 'queue-b');
        await registry.removeLease('a');
        await registry.removeLease('a');
        expect(await registry.lease('a')).toBeUndefined();
        expect(names(await registry.leases())).toEqual(['b']);
      });

      test('is listed whatever its instance is called', async () => {
        const instances = ['a', 'a-b', 'a#b', 'a%23b', '0', '~', 'é', '漢字'];
        for (const instance of instances) await registry.register(instance, 'queue');
        expect(names(await registry.leases())).toEqual(instances.toSorted(compare));
      });
    });

    describe('the retired', () => {
      const retire = async (instance: string, retiredAt: number): Promise<void> => {
        await registry.register(instance, `queue-${instance}`);
        await registry.setAddress(instance, ADDRESS, 1);
        await registry.markDead(instance, 0);
        const lease = await registry.lease(instance);
        if (lease) await registry.retire({ lease, retiredAt });
      };

      test('[I7] are no leases any more, and keep what their leases said', async () => {
        await registry.register('a', 'queue-a');
        await registry.setAddress('a', { queueName: 'queue-a-r1', former: [ADDRESS] }, 1);
        await registry.markDead('a', 0);
        const lease = await registry.lease('a');
        await retire('a', 1_000);
        expect(await registry.lease('a')).toBeUndefined();
        expect(await registry.leases()).toEqual([]);
        expect(await registry.retired(10)).toEqual([{ lease, retiredAt: 1_000 }]);
      });

      test('are told of from the first that retired on, as many as are asked for', async () => {
        for (const [instance, at] of [
          ['b', 20_000],
          ['c', 3_000],
          ['a', 100_000],
        ] as const) {
          await retire(instance, at);
        }
        const instances = (await registry.retired(2)).map(({ lease }) => lease.instance);
        expect(instances).toEqual(['c', 'b']);
      });

      test('may be retired and removed twice', async () => {
        await retire('a', 1_000);
        const [row] = await registry.retired(10);
        if (!row) throw new Error('Nothing is retired.');
        await registry.retire(row);
        expect(await registry.retired(10)).toEqual([row]);
        await registry.removeRetired(row);
        await registry.removeRetired(row);
        expect(await registry.retired(10)).toEqual([]);
      });
    });

    describe('the leader', () => {
      test('is nobody at first, then whoever was first', async () => {
        expect(await registry.leader()).toBeUndefined();
        const won = await Promise.all(['a', 'b'].map((id) => registry.lead(id, undefined)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await registry.leader()).toBe(won[0] ? 'a' : 'b');
      });

      test('is replaced by one of those who know who it was', async () => {
        await registry.lead('a', undefined);
        expect(await registry.lead('b', undefined)).toBe(false);
        expect(await registry.lead('b', 'c')).toBe(false);
        const won = await Promise.all(['b', 'c'].map((id) => registry.lead(id, 'a')));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await registry.leader()).toBe(won[0] ? 'b' : 'c');
      });

      test('may say so again', async () => {
        await registry.lead('a', undefined);
        expect(await registry.lead('a', undefined)).toBe(true);
        expect(await registry.lead('b', 'a')).toBe(true);
        expect(await registry.lead('b', 'a')).toBe(true);
      });

      test('may resign and come back, if it lives', async () => {
        await registry.register('a', 'queue-a');
        expect(await registry.setResigned('a', true)).toBe(true);
        expect(await registry.lease('a')).toMatchObject({ state: 'alive', resigned: true });
        expect(await registry.beat('a', 1)).toBe(true);
        expect(await registry.setResigned('a', false)).toBe(true);
        expect(await registry.lease('a')).toMatchObject({ beat: 1, resigned: false });
        await registry.markDead('a', 1);
        expect(await registry.setResigned('a', true)).toBe(false);
        expect(await registry.setResigned('b', true)).toBe(false);
        expect(await registry.lease('b')).toBeUndefined();
      });

      test('is no lease', async () => {
        await registry.lead('a', undefined);
        expect(await registry.leases()).toEqual([]);
      });
    });

    describe('intents', () => {
      test('are found under their instance until they are removed', async () => {
        const rows = [
          run('r1'),
          run('r2', { purpose: 'cancel' }),
          run('r3', { purpose: 'clean', key: { ...KEY, taskId: 'task-2' } }),
        ];
        for (const row of rows) await registry.putIntent(row);
        expect(byRun(await registry.intents('a'))).toEqual(rows);
        await registry.removeIntent(run('r2', { purpose: 'cancel' }));
        expect(byRun(await registry.intents('a')).map((row) => row.run)).toEqual(['r1', 'r3']);
      });

      test('are safe to put and to remove twice', async () => {
        await registry.putIntent(run('r1'));
        await registry.putIntent(run('r1'));
        expect(await registry.intents('a')).toEqual([run('r1')]);
        await registry.removeIntent(run('r1'));
        await registry.removeIntent(run('r1'));
        expect(await registry.intents('a')).toEqual([]);
      });

      test('[I7] are those of one instance, not of one whose name begins alike', async () => {
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

    describe('watches', () => {
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

      test('[I7] are still found under their instance once nobody is told of them', async () => {
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

      test('[I6] tell of a watcher whatever its instance is called', async () => {
        const instances = ['a', 'a#b', 'a%23b', 'é', '漢字'];
        for (const instance of instances)
          await registry.putWatch(watch(`w-${instance}`, { instance }));
        const told = (await registry.watchers(KEY)).map((row) => row.instance);
        expect(told.sort(compare)).toEqual(instances.toSorted(compare));
      });
    });

    test('[I9] never mixes the rows of two tasks, whatever their names hold', async () => {
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
  });
}
