import type { ConsumerOffsets, Place, TaskKey } from '@a2a-aws/core';
import { placeAt } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differentKeys } from './sample-keys.ts';

/** Offsets without any consumer, and the means to remove them. */
export interface ConsumerOffsetsUnderTest {
  readonly offsets: ConsumerOffsets;
  dispose(): Promise<void>;
}

const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
const NOW = 1_700_000_000_000;

/** The laws of the {@link ConsumerOffsets} port, as tests of whatever `factory` makes. */
export function consumerOffsetsSuite(
  name: string,
  factory: () => Promise<ConsumerOffsetsUnderTest>,
): void {
  describe(`${name} as ConsumerOffsets`, () => {
    let subject: ConsumerOffsetsUnderTest;
    let offsets: ConsumerOffsets;

    beforeEach(async () => {
      subject = await factory();
      offsets = subject.offsets;
    });

    afterEach(() => subject.dispose());

    test('has no place for a consumer that has never acknowledged', async () => {
      expect(await offsets.load(KEY, 'audit')).toBeUndefined();
    });

    test('[I3] remembers the latest place, even if saves arrive late or twice', async () => {
      const places = [
        placeAt(2),
        placeAt(2),
        placeAt(1),
        placeAt(2, 1),
        placeAt(2),
        placeAt(10),
        placeAt(9, 5),
      ];
      const known: (Place | undefined)[] = [];
      for (const one of places) {
        await offsets.save(KEY, 'audit', one, NOW);
        known.push(await offsets.load(KEY, 'audit'));
      }
      const two = placeAt(2);
      const answered = placeAt(2, 1);
      const ten = placeAt(10);
      expect(known).toEqual([two, two, two, answered, answered, ten, ten]);
    });

    test('[I3] remembers the latest of saves that race', async () => {
      const places = Array.from({ length: 12 }, (_, n) => placeAt((n * 7) % 12));
      await Promise.all(places.map((one) => offsets.save(KEY, 'audit', one, NOW)));
      expect(await offsets.load(KEY, 'audit')).toEqual(placeAt(11));
    });

    test('keeps consumers apart, whatever their names are', async () => {
      const names = [
        'a',
        'A',
        'a#b',
        'a%23b',
        'a/b',
        ' ',
        '__proto__',
        'é',
        '𝄞',
        '\u0000',
        'x'.repeat(512),
      ];
      for (const [n, consumer] of names.entries())
        await offsets.save(KEY, consumer, placeAt(n), NOW);
      const known = await Promise.all(names.map((consumer) => offsets.load(KEY, consumer)));
      expect(known).toEqual(names.map((_, n) => placeAt(n)));
    });

    test.each(['', '\ud800', 'x'.repeat(513), '#'.repeat(171)])(
      'refuses a name that no table can hold (%#)',
      async (consumer) => {
        const refused = { code: 'invalid-key' };
        await expect(offsets.load(KEY, consumer)).rejects.toMatchObject(refused);
        await expect(offsets.save(KEY, consumer, placeAt(1), NOW)).rejects.toMatchObject(refused);
      },
    );

    test('refuses a key that no table can hold', async () => {
      const key = { ...KEY, taskId: '' };
      await expect(offsets.load(key, 'a')).rejects.toMatchObject({ code: 'invalid-key' });
    });

    test('[I9] never mixes the consumers of two tasks, whatever their names contain', async () => {
      await fc.assert(
        fc.asyncProperty(differentKeys, async (keys) => {
          const fresh = await factory();
          try {
            for (const [n, key] of keys.entries()) {
              await fresh.offsets.save(key, 'audit', placeAt(n), NOW);
            }
            const known = await Promise.all(keys.map((key) => fresh.offsets.load(key, 'audit')));
            expect(known).toEqual(keys.map((_, n) => placeAt(n)));
          } finally {
            await fresh.dispose();
          }
        }),
        { numRuns: 6 },
      );
    });
  });
}
