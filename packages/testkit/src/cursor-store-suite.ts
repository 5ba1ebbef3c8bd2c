import type { CursorStore } from '@a2a-aws/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** An empty store, and the means to remove it. */
export interface CursorStoreUnderTest {
  readonly store: CursorStore;
  /** Returns the store as a new process sees it; `undefined` if the store ends with its process. */
  readonly reopen?: (() => CursorStore) | undefined;
  dispose(): Promise<void>;
}

/** Ids in keys come from clients and servers. */
const KEYS = [
  'task//a',
  'task//A',
  'task/a/',
  'task/a/../b',
  'task/%2F/a',
  'message//a',
  'task//__proto__',
  '__proto__',
  'task//é',
  'task//e\u0301',
  'task//𝄞',
  'task//\u0000',
  'task//a b',
  'task//con',
  `task//${'x'.repeat(400)}`,
];

/** The laws of {@link CursorStore}, as tests of the stores that `factory` makes. */
export function cursorStoreSuite(name: string, factory: () => Promise<CursorStoreUnderTest>): void {
  describe(`${name} as CursorStore`, () => {
    let subject: CursorStoreUnderTest;
    let store: CursorStore;

    beforeEach(async () => {
      subject = await factory();
      store = subject.store;
    });

    afterEach(() => subject.dispose());

    test('has no value before the first', async () => {
      expect(await store.get('task//a')).toBeUndefined();
    });

    test('returns the value that was set last', async () => {
      for (const value of ['{"v":1}', 'é 𝄞 \n "', '']) {
        await store.set('task//a', value);
        expect(await store.get('task//a')).toBe(value);
      }
    });

    test('has no value after it was removed, and none to remove twice', async () => {
      await store.set('task//a', '1');
      await store.delete('task//a');
      await store.delete('task//a');
      expect(await store.get('task//a')).toBeUndefined();
      await store.set('task//a', '2');
      expect(await store.get('task//a')).toBe('2');
    });

    test('keeps streams apart, whatever their keys contain', async () => {
      for (const key of KEYS) await store.set(key, `of ${key}`);
      const values = await Promise.all(KEYS.map((key) => store.get(key)));
      expect(values).toEqual(KEYS.map((key) => `of ${key}`));
      await store.delete(KEYS[0] ?? '');
      expect(await store.get(KEYS[1] ?? '')).toBe(`of ${KEYS[1]}`);
    });

    test('has one of the values that were set at the same time', async () => {
      const values = Array.from({ length: 8 }, (_, n) => `value ${n}`);
      await Promise.all(values.map((value) => store.set('task//a', value)));
      expect(values).toContain(await store.get('task//a'));
    });

    test('returns its values in a new process', async () => {
      if (!subject.reopen) return;
      await store.set('task//a', '1');
      expect(await subject.reopen().get('task//a')).toBe('1');
      await subject.reopen().delete('task//a');
      expect(await subject.reopen().get('task//a')).toBeUndefined();
    });
  });
}
