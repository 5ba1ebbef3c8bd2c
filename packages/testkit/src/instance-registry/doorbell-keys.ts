import { type FleetKey, type InstanceRegistry, systemEntropy } from '@a2a-aws/core';
import { newFleetKey } from '@a2a-aws/core/internal';
import { beforeEach, describe, expect, test } from 'vitest';

/** Tests the doorbell keys of the registry that `open` returns. */
export function doorbellKeys(open: () => InstanceRegistry): void {
  describe('the doorbell keys', () => {
    let registry: InstanceRegistry;

    beforeEach(() => {
      registry = open();
    });

    const plain = (keys: readonly FleetKey[]) =>
      keys.map(({ id, secret, serial }) => ({ id, serial, secret: [...secret] }));
    const made = (serial: number): FleetKey => ({ ...newFleetKey(systemEntropy), serial });
    const none = (): FleetKey => {
      throw new Error('There is a key.');
    };

    test('are made once, by the first reader, and stay the same', async () => {
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
}
