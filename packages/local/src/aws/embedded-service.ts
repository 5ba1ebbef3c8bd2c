import { BackendError, systemClock } from '@a2a-aws/core';
import { withTimeout } from '@a2a-aws/core/internal';
import type { GuardedChild } from '../guarded-child.ts';

/** An emulator that listens on loopback. */
export interface EmbeddedService {
  /** Its base URL. */
  readonly endpoint: string;
  /** Ends it and frees its port; its data, held in memory, goes with it. */
  stop(): Promise<void>;
}

const START_LIMIT_MS = 20_000;

/**
 * Waits for `ready`: its value, or the reason why the child ended before it.
 *
 * @throws BackendError `unreachable` when neither came in 20 s; the child is then ended.
 */
export async function whenReady<T>(
  guarded: GuardedChild,
  ready: Promise<T>,
): Promise<{ readonly ready: T } | { readonly ended: Error }> {
  const first = Promise.race([
    ready.then((value) => ({ ready: value })),
    guarded.ended.then((ended) => ({ ended })),
  ]);
  const outcome = await withTimeout(systemClock, START_LIMIT_MS, first);
  if (outcome !== undefined) return outcome;
  await guarded.stop();
  throw new BackendError('unreachable', 'The embedded DynamoDB did not get ready in time.');
}
