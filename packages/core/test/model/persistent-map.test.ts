import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PersistentMap } from '../../src/model/persistent-map.ts';

const anyKey = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', '1'), fc.nat(300).map(String));
const anyChange = fc.array(fc.tuple(anyKey, fc.option(fc.nat(9), { nil: undefined })), {
  maxLength: 4,
});

describe('a persistent map', () => {
  test('behaves like a map that is copied for each change, in each of its versions', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 120 }), (changes) => {
        let map = PersistentMap.empty<number | undefined>();
        let copied = new Map<string, number | undefined>();
        const versions = changes.map((entries) => {
          map = map.withAll(entries);
          copied = new Map([...copied, ...entries]);
          return { map, copied };
        });
        for (const version of versions) {
          expect([...version.map]).toEqual([...version.copied]);
          expect([...version.map.keys()]).toEqual([...version.copied.keys()]);
          expect(version.map.size).toBe(version.copied.size);
          for (const key of ['a', 'z', '__proto__']) {
            expect(version.map.get(key)).toBe(version.copied.get(key));
            expect(version.map.has(key)).toBe(version.copied.has(key));
          }
        }
      }),
    );
  });

  test('may branch: two maps made of one do not see each other', () => {
    const one = PersistentMap.of([['a', 1]]);
    const [left, right] = [one.with('b', 2), one.with('b', 3)];
    expect([[...one], [...left], [...right]]).toEqual([
      [['a', 1]],
      [
        ['a', 1],
        ['b', 2],
      ],
      [
        ['a', 1],
        ['b', 3],
      ],
    ]);
  });
});
