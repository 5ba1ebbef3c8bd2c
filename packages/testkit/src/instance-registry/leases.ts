import type { InstanceRegistry } from '@a2a-aws/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { ADDRESS, compare, names } from './rows.ts';

/** Tests a lease of the registry that `open` returns. */
export function leases(open: () => InstanceRegistry): void {
  describe('a lease', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

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

    test('may be registered again, which has no effect', async () => {
      await registry.register('a', 'queue-a');
      await registry.beat('a', 7);
      expect(await registry.register('a', 'queue-a')).toBe(true);
      expect(await registry.lease('a')).toMatchObject({ beat: 7, state: 'alive' });
      expect(await registry.leases()).toHaveLength(1);
    });

    test('stores the address of its instance', async () => {
      await registry.register('a', 'queue-a');
      expect(await registry.setAddress('a', ADDRESS, 1)).toBe(true);
      expect(await registry.setAddress('a', ADDRESS, 1)).toBe(true);
      expect(await registry.lease('a')).toMatchObject({ address: ADDRESS, beat: 0 });
    });

    test('[I7] keeps the former addresses until an update omits them', async () => {
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

    test('[I7] keeps its address if an older update arrives late', async () => {
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

    test('can be renewed', async () => {
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

    test('[I5] is declared dead only by an instance that has read its last beat', async () => {
      await registry.register('a', 'queue-a');
      await registry.beat('a', 2);
      expect(await registry.markDead('a', 1)).toBe(false);
      expect(await registry.lease('a')).toMatchObject({ state: 'alive' });
      expect(await registry.markDead('a', 2)).toBe(true);
      expect(await registry.lease('a')).toMatchObject({ state: 'dead', beat: 2 });
    });

    test('may be declared dead again, with any beat', async () => {
      await registry.register('a', 'queue-a');
      await registry.markDead('a', 0);
      expect(await registry.markDead('a', 0)).toBe(true);
      expect(await registry.markDead('a', 9)).toBe(true);
    });

    test('[I7] of a dead instance has the time for which it has been dead at least', async () => {
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

    test('[I7] is never created by a beat, an address or a death', async () => {
      expect(await registry.beat('a', 1)).toBe(false);
      expect(await registry.setAddress('a', ADDRESS, 1)).toBe(false);
      expect(await registry.markDead('a', 0)).toBe(false);
      expect(await registry.lease('a')).toBeUndefined();
      expect(await registry.leases()).toEqual([]);
    });

    test('[I5] that is renewed and declared dead at once: one of the two is refused', async () => {
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

    test('is listed, whatever the name of its instance is', async () => {
      const instances = ['a', 'a-b', 'a#b', 'a%23b', '0', '~', 'é', '漢字'];
      for (const instance of instances) await registry.register(instance, 'queue');
      expect(names(await registry.leases())).toEqual(instances.toSorted(compare));
    });
  });
}
