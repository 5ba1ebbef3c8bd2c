import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { deepCopy } from '../../src/a2a/deep-copy.ts';
import { anyEvent } from '../fixtures/arbitraries.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

test('a copy is equal and shares no mutable part', () => {
  const shared = (a: unknown, b: unknown): boolean => {
    if (typeof a !== 'object' || a === null) return false;
    if (a === b) return true;
    if (a instanceof Uint8Array)
      return a.buffer === (b as Uint8Array).buffer && a.byteLength > 4096;
    return Object.keys(a).some((key) => shared(Reflect.get(a, key), Reflect.get(Object(b), key)));
  };
  fc.assert(
    fc.property(anyEvent, (event) => {
      const copy = deepCopy(event);
      expect(copy).toEqual(event);
      expect(shared(event, copy)).toBe(false);
    }),
  );
});

test('bytes are copied, and stay a Buffer', () => {
  const value = Buffer.from([1, 2, 3]);
  const copy = deepCopy({ value });
  value[0] = 9;
  expect(copy.value).toEqual(Buffer.from([1, 2, 3]));
  expect(Buffer.isBuffer(copy.value)).toBe(true);
});

test('a key named __proto__ stays a key', () => {
  const copy = deepCopy(JSON.parse('{"__proto__":{"a":1}}'));
  expect(JSON.stringify(copy)).toBe('{"__proto__":{"a":1}}');
  expect(Reflect.get(copy, 'a')).toBeUndefined();
});
