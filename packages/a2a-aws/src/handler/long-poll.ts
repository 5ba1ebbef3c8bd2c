import type { TaskKey } from '@a2a-aws/core';
import { type CopyOptions, type ReadTask, readTask, wireGeneration } from '@a2a-aws/core/internal';
import { linkSignals } from '../streams/linked-signal.ts';
import type { HandlerDeps } from './handler-deps.ts';

/** How long a request waits for a later generation, in milliseconds: between these two. */
const SHORTEST_MS = 20_000;
const LONGEST_MS = 25_000;

/**
 * Resolves with the task when its generation exceeds `current`, when it cannot any more, or after 20 to
 * 25 s. Resolves earlier if the client has left, or if this instance sends its readers away. Resolves
 * with `undefined` if the task is not visible.
 */
export async function readLater(
  key: TaskKey,
  current: number,
  left: AbortSignal | undefined,
  options: CopyOptions,
  { instance: present, clock, entropy }: Pick<HandlerDeps, 'instance' | 'clock' | 'entropy'>,
): Promise<ReadTask | undefined> {
  const instance = present();
  instance.assertReady();
  const open = instance.logs.acquire(key);
  const leave = instance.countReader();
  const linked = linkSignals(left, instance.handoffSignal);
  let unfollow = (): void => {};
  // This tap is never read. The doorbell is probed only while a tap is open.
  const { close } = open.tap();
  try {
    await open.log.refresh();
    const isDue = (): true | undefined => {
      const { state } = open.log;
      return wireGeneration(state) > current || state.sealed || open.log.isExpired() || undefined;
    };
    if (!isDue() && open.log.state.hasTask) {
      unfollow = await open.follow();
      const timeoutMs = SHORTEST_MS + entropy.random() * (LONGEST_MS - SHORTEST_MS);
      await open.log.until(isDue, { signal: linked.signal, timeoutMs });
    }
    return await readTask(open.log, clock, options);
  } finally {
    close();
    unfollow();
    linked.unlink();
    instance.logs.release(open);
    leave();
  }
}
