import type { InstanceRegistry } from '@a2a-aws/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { ADDRESS } from './rows.ts';

/** Tests the retired of the registry that `open` returns. */
export function retiredLeases(open: () => InstanceRegistry): void {
  describe('the retired', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

    const retire = async (instance: string, retiredAt: number): Promise<void> => {
      await registry.register(instance, `queue-${instance}`);
      await registry.setAddress(instance, ADDRESS, 1);
      await registry.markDead(instance, 0);
      const lease = await registry.lease(instance);
      if (lease) await registry.retire({ lease, retiredAt });
    };

    test('[I7] are no leases any more, and keep the facts of their leases', async () => {
      await registry.register('a', 'queue-a');
      await registry.setAddress('a', { queueName: 'queue-a-r1', former: [ADDRESS] }, 1);
      await registry.markDead('a', 0);
      const lease = await registry.lease('a');
      await retire('a', 1_000);
      expect(await registry.lease('a')).toBeUndefined();
      expect(await registry.leases()).toEqual([]);
      expect(await registry.retired(10)).toEqual([{ lease, retiredAt: 1_000 }]);
    });

    test('are listed in the order of their retirement, as many as requested', async () => {
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
}
