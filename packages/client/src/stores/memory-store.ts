import type { CursorStore } from './cursor-store.ts';

/** More streams than one process reads; the positions of the oldest are forgotten. */
const MAX_ENTRIES = 10_000;

/**
 * Returns a store in memory. A caller that leaves a stream can call again with the same request, and
 * continues. The message of a request needs an id for this. The store keeps the 10,000 positions that were set last.
 *
 * @example
 * ```ts
 * import { memoryStore, resumable } from '@a2a-aws/client';
 *
 * declare const client: import('@a2a-js/sdk/client').Client;
 * const agent = resumable(client, { store: memoryStore() });
 * ```
 */
export function memoryStore(): CursorStore {
  const entries = new Map<string, string>();
  return {
    async get(key) {
      return entries.get(key);
    },
    async set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      const [oldest = ''] = entries.keys();
      if (entries.size > MAX_ENTRIES) entries.delete(oldest);
    },
    async delete(key) {
      entries.delete(key);
    },
  };
}
