/** The ids of the notifications that were handled. A store may forget old ones. */
export interface SeenIds {
  has(id: string): boolean | Promise<boolean>;
  add(id: string): void | Promise<void>;
}

/**
 * Returns a store in memory that keeps the ids that were added last.
 *
 * @param max the number of ids, 10,000 by default
 *
 * @example
 * ```ts
 * import { memorySeenIds, webhookReceiver } from '@a2a-aws/client/webhook';
 *
 * declare const secret: string;
 * const receive = webhookReceiver({ secrets: secret, seen: memorySeenIds(1_000_000) });
 * ```
 */
export function memorySeenIds(max = 10_000): SeenIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add(id) {
      ids.add(id);
      const [oldest = ''] = ids;
      if (ids.size > max) ids.delete(oldest);
    },
  };
}
