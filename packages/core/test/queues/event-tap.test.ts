import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EventQueue, TapOptions } from '../../src/queues/event-queue.ts';
import { InMemoryQueueManager } from '../../src/queues/in-memory-queue-manager.ts';
import { QueueShutDown } from '../../src/queues/queue-errors.ts';
import { COMPLETED, chunkOf, KEY, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { numbers, take, takeAll, waits } from '../fixtures/queues.ts';

let queue: EventQueue;

beforeEach(async () => {
  queue = await new InMemoryQueueManager().createOrTap(KEY, { contextId: 'context-1' });
});

const say = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
};

const tap = (options?: TapOptions): Promise<EventQueue> => queue.tap(options);

describe('dequeueEvent', () => {
  test('[I3] gives the events after the tap, each once, in order', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const child = await tap();
    await say(3);
    expect(numbers(await take(child, 3))).toEqual([2, 3, 4]);
    expect(await waits(child.dequeueEvent())).toBe(true);
  });

  test('[I1] gives events to waiting readers in the order of their calls', async () => {
    const child = await tap();
    const asked = Array.from({ length: 5 }, () => child.dequeueEvent());
    await queue.enqueueEvent(taskOf(WORKING));
    await say(4);
    expect(numbers(await Promise.all(asked))).toEqual([1, 2, 3, 4, 5]);
  });

  test('gives an event that the reader may change without an effect on others', async () => {
    const [one, other] = [await tap(), await tap()];
    await queue.enqueueEvent(taskOf(WORKING));
    const { event } = await one.dequeueEvent();
    if (event.kind === 'task') event.data.contextId = 'changed';
    expect((await other.dequeueEvent()).event).toMatchObject({ data: { contextId: 'context-1' } });
  });

  test('stops waiting when its signal aborts, and takes no event', async () => {
    const child = await tap();
    const leaving = new AbortController();
    const asked = child.dequeueEvent({ signal: leaving.signal });
    const other = child.dequeueEvent();
    await flush();
    leaving.abort(new Error('left'));
    await expect(asked).rejects.toThrow('left');
    await queue.enqueueEvent(taskOf(WORKING));
    expect((await other).generation).toBe(1);
  });

  test('with an aborted signal still gives the events that are there', async () => {
    const signal = AbortSignal.abort(new Error('left'));
    const child = await tap({ after: 0 });
    await expect(child.dequeueEvent({ signal })).rejects.toThrow('left');
    await queue.enqueueEvent(taskOf(WORKING));
    expect((await child.dequeueEvent({ signal })).generation).toBe(1);
    await expect(child.dequeueEvent({ signal })).rejects.toThrow('left');
  });
});

describe('after', () => {
  test.each([0, 1, 2, 3, 4])('%i replays the later events and continues live', async (after) => {
    await queue.enqueueEvent(taskOf(WORKING));
    await Promise.all([1, 2, 3].map((n) => queue.enqueueEvent(chunkOf('a', `${n}`))));
    const child = await tap({ after });
    await queue.enqueueEvent(statusOf(COMPLETED));
    const all = [1, 2, 3, 4, 5];
    expect(numbers(await takeAll(child))).toEqual(all.filter((g) => g > after));
  });

  test('a future generation gives the events after it', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const child = await tap({ after: 3 });
    await say(3);
    expect(numbers(await take(child, 1))).toEqual([4]);
  });

  test.each([-1, 1.5, Number.NaN])('%d is no generation', async (after) => {
    await expect(tap({ after })).rejects.toMatchObject({ code: 'configuration' });
  });

  test('a tap that holds less than one event is refused', async () => {
    await expect(tap({ maxQueueSize: 0 })).rejects.toMatchObject({ code: 'configuration' });
  });
});

describe('a Message', () => {
  test('arrives at its place, has no generation, and ends queue and children', async () => {
    const child = await tap();
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
    expect(await queue.enqueueEvent({ kind: 'message', data: message('m1') })).toBeUndefined();
    const taken = await takeAll(child);
    expect(taken.map(({ event, generation, final }) => [event.kind, generation, final])).toEqual([
      ['task', 1, false],
      ['message', undefined, true],
    ]);
    expect(queue.isClosed).toBe(true);
    await expect(queue.enqueueEvent(statusOf(WORKING))).rejects.toBeInstanceOf(QueueShutDown);
  });
});

describe('taskDone', () => {
  test('acknowledges each dequeued event once', async () => {
    const child = await tap();
    expect(() => child.taskDone()).toThrow(expect.objectContaining({ code: 'queue-misuse' }));
    await queue.enqueueEvent(taskOf(WORKING));
    await child.dequeueEvent();
    child.taskDone();
    expect(() => child.taskDone()).toThrow(expect.objectContaining({ code: 'queue-misuse' }));
  });
});

describe('closing a child', () => {
  test('lets the reader dequeue the events that are there, but no later ones', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const child = await tap({ after: 0 });
    await say(2);
    await child.close();
    await say(1);
    expect(child.isClosed).toBe(true);
    expect(numbers(await takeAll(child))).toEqual([1, 2, 3]);
    await expect(child.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('[I3] lets a waiting reader get the event that is on its way, whenever it arrives', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    for (let turns = 0; turns < 20; turns += 1) {
      const child = await queue.tap();
      const waiting = child.dequeueEvent();
      const generation = await queue.enqueueEvent(chunkOf('a', 'x'));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await child.close();
      expect((await waiting).generation, `${turns} turns`).toBe(generation);
    }
  });

  test('immediately drops the events that are there, also those that were read already', async () => {
    const child = await tap();
    await queue.enqueueEvent(taskOf(WORKING));
    // One record: the child has read all of it.
    await Promise.all([1, 2, 3].map((n) => queue.enqueueEvent(chunkOf('a', `${n}`))));
    expect(numbers(await take(child, 2))).toEqual([1, 2]);
    await child.close({ immediate: true });
    await expect(child.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test.each([true, false])('[I6] ends waiting readers (immediate: %s)', async (immediate) => {
    const child = await tap();
    const asked = [child.dequeueEvent(), child.dequeueEvent()];
    await flush();
    await child.close({ immediate });
    await child.close({ immediate });
    for (const one of asked) await expect(one).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('[I10] never touches the others, even while an event is delivered', async () => {
    const children = [await tap(), await tap(), await tap()] as const;
    const [first, second, third] = children;
    const asked = children.map((child) => child.dequeueEvent());
    // The first reader that gets the event closes it, before the others have got the event.
    const closed = asked[0]?.then(() => Promise.all([first.close(), second.close()]));
    await queue.enqueueEvent(taskOf(WORKING));
    await closed;
    await say(1);
    expect((await asked[2])?.generation).toBe(1);
    expect(numbers(await take(third, 1))).toEqual([2]);
    expect(queue.isClosed).toBe(false);
  });

  test('happens also by its signal, at the end of an iteration, and at the end of its scope', async () => {
    const leaving = new AbortController();
    const children = await Promise.all([
      tap({ signal: leaving.signal }),
      tap(),
      tap(),
      tap({ signal: AbortSignal.abort() }),
    ]);
    await queue.enqueueEvent(taskOf(WORKING));
    leaving.abort();
    for await (const _ of children[1]) break;
    {
      await using _ = children[2];
    }
    expect(children.map((child) => child.isClosed)).toEqual([true, true, true, true]);
  });

  test('a child takes no events, and its own taps are children of its parent', async () => {
    const child = await tap();
    const refused = child.enqueueEvent(taskOf(WORKING));
    await expect(refused).rejects.toMatchObject({ code: 'queue-misuse' });
    const sibling = await child.tap();
    await child.close({ immediate: true });
    await queue.enqueueEvent(taskOf(WORKING));
    expect(numbers(await take(sibling, 1))).toEqual([1]);
  });
});

describe('an iteration', () => {
  test('acknowledges an event when the next is requested', async () => {
    const child = await tap();
    await queue.enqueueEvent(taskOf(WORKING));
    await say(1);
    const events = child[Symbol.asyncIterator]();
    await events.next();
    await events.next();
    // The first is acknowledged, the second is not.
    child.taskDone();
    expect(() => child.taskDone()).toThrow(expect.objectContaining({ code: 'queue-misuse' }));
  });

  test('[I6] ends if its reader leaves it while it waits', async () => {
    const child = await tap();
    const events = child[Symbol.asyncIterator]();
    const asked = events.next();
    await flush();
    await events.return?.();
    expect(await asked).toEqual({ done: true, value: undefined });
  });
});
