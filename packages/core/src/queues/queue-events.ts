import type { EventQueue } from './event-queue.ts';
import { QueueShutDown } from './queue-errors.ts';
import type { QueuedEvent } from './queued-event.ts';

/**
 * Returns an iterator that dequeues events until no more will come, and acknowledges each when the
 * next one is requested. Rejects if the queue was shut down by something other than its owner or
 * its task's end.
 */
export function queueEvents(
  queue: EventQueue,
  leave: () => Promise<void>,
): AsyncIterator<QueuedEvent, undefined> {
  const left = new AbortController();
  let given = false;
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      if (given) queue.taskDone();
      given = false;
      try {
        const value = await queue.dequeueEvent({ signal: left.signal });
        given = true;
        return { done: false, value };
      } catch (error) {
        const isOver = error instanceof QueueShutDown && error.cause === undefined;
        if (isOver || left.signal.aborted) return done;
        throw error;
      }
    },
    async return() {
      left.abort();
      await leave();
      return done;
    },
  };
}
