import { cursorStoreSuite } from '@a2a-aws/testkit';
import { afterEach, expect, test, vi } from 'vitest';
import { browserStore, type StorageLike } from '../../src/stores/browser-store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A `Storage` as HTML specifies it. */
class WebStorage implements StorageLike {
  readonly #items = new Map<string, string>();

  get length(): number {
    return this.#items.size;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }

  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

afterEach(() => {
  vi.useRealTimers();
});

cursorStoreSuite('browserStore', async () => {
  const storage = new WebStorage();
  return {
    store: browserStore(storage),
    reopen: () => browserStore(storage),
    dispose: async () => {},
  };
});

test('removes positions after 30 days, and leaves the entries of others alone', async () => {
  vi.useFakeTimers();
  const storage = new WebStorage();
  storage.setItem('of the page', '1');
  await browserStore(storage).set('old', 'a');
  vi.setSystemTime(Date.now() + 20 * DAY_MS);
  await browserStore(storage).set('young', 'b');
  vi.setSystemTime(Date.now() + 11 * DAY_MS);
  const store = browserStore(storage);
  await store.set('new', 'c');
  expect(await store.get('old')).toBeUndefined();
  expect(await store.get('young')).toBe('b');
  expect(storage.getItem('of the page')).toBe('1');
  expect(storage.length).toBe(3);
});

test('rejects if the storage is full', async () => {
  const storage = new WebStorage();
  storage.setItem = () => {
    throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
  };
  await expect(browserStore(storage).set('a', 'b')).rejects.toThrow('quota');
});
