import type { InstanceRegistry } from '@a2a-aws/core';
import { beforeEach, describe, expect, test } from 'vitest';

/** Tests the leader of the registry that `open` returns. */
export function leader(open: () => InstanceRegistry): void {
  describe('the leader', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

    test('is `undefined` at first, then the first instance that led', async () => {
      expect(await registry.leader()).toBeUndefined();
      const won = await Promise.all(['a', 'b'].map((id) => registry.lead(id, undefined)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await registry.leader()).toBe(won[0] ? 'a' : 'b');
    });

    test('is replaced by one of the instances that know the old leader', async () => {
      await registry.lead('a', undefined);
      expect(await registry.lead('b', undefined)).toBe(false);
      expect(await registry.lead('b', 'c')).toBe(false);
      const won = await Promise.all(['b', 'c'].map((id) => registry.lead(id, 'a')));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await registry.leader()).toBe(won[0] ? 'b' : 'c');
    });

    test('may register as the leader again', async () => {
      await registry.lead('a', undefined);
      expect(await registry.lead('a', undefined)).toBe(true);
      expect(await registry.lead('b', 'a')).toBe(true);
      expect(await registry.lead('b', 'a')).toBe(true);
    });

    test('may resign and come back while it is alive', async () => {
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
}
