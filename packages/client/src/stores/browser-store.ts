import type { CursorStore } from './cursor-store.ts';

/** The parts of a browser's `localStorage` or `sessionStorage` that a store needs. */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const PREFIX = 'a2a-aws:';
/** A value begins with the time when it was set, in milliseconds: 13 digits until the year 2286. */
const TIME_LENGTH = 13;
const KEEP_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Returns a store in a browser's storage. With `localStorage` a page continues after it was closed and
 * opened again, with `sessionStorage` after it was loaded again. A position is kept for 30 days after it
 * was set last. Other entries of the storage stay as they are.
 *
 * @example
 * ```ts
 * import { browserStore, resumable, type StorageLike } from '@a2a-aws/client';
 *
 * declare const localStorage: StorageLike;
 * declare const client: import('@a2a-js/sdk/client').Client;
 * const agent = resumable(client, { store: browserStore(localStorage) });
 * ```
 */
export function browserStore(storage: StorageLike): CursorStore {
  let isSwept = false;
  return {
    async get(key) {
      return storage.getItem(PREFIX + key)?.slice(TIME_LENGTH);
    },
    async set(key, value) {
      if (!isSwept) sweep(storage);
      isSwept = true;
      storage.setItem(PREFIX + key, Date.now() + value);
    },
    async delete(key) {
      storage.removeItem(PREFIX + key);
    },
  };
}

/** Removes the positions that are too old. */
function sweep(storage: StorageLike): void {
  for (let at = storage.length - 1; at >= 0; at -= 1) {
    const key = storage.key(at) ?? '';
    const time = Number(storage.getItem(key)?.slice(0, TIME_LENGTH));
    if (key.startsWith(PREFIX) && time < Date.now() - KEEP_MS) storage.removeItem(key);
  }
}
