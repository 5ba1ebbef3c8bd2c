import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { EventConsumer } from '../../src/queues/event-consumer.ts';
import type { EventQueue } from '../../src/queues/event-queue.ts';
import type { LogQueueManager } from '../../src/queues/log-queue-manager.ts';
import type { ErrorEvent } from '../../src/queues/queued-event.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { numbers, QueueFleet, take, takeAll } from '../fixtures/queues.ts';

const FAILURE: ErrorEvent = {
  kind: 'error',
  data: { code: -32_603, message: 'The model is gone.', data: { retry: true } },
};
const raised = expect.objectContaining({ code: 'agent-error', error: FAILURE.data });

let fleet: QueueFleet;
let manager: LogQueueManager;
let queue: EventQueue;

beforeEach(async () => {
  fleet = new QueueFleet();
  ({ manager } = await fleet.manager('a'));
  queue = await manager.createOrTap(KEY, { contextId: 'context-1' });
});

const tapped = async (consumer?: string): Promise<EventQueue> => {
  const { manager: other } = await fleet.manager('b');
  const tap = await other.tap(KEY, { after: 0, consumer });
  if (!tap) throw new Error('The task is unknown.');
  return tap;
};

describe('an error that is enqueued', () => {
  test('[I3] is raised to every reader once, at its place among the events', async () => {
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
    expect(await queue.enqueueEvent(FAILURE)).toBeUndefined();
    expect(await queue.enqueueEvent(chunkOf('a', 'x'))).toBe(2);
    for (const reader of [queue, await tapped()]) {
      expect(numbers(await take(reader, 1))).toEqual([1]);
      await expect(reader.dequeueEvent()).rejects.toEqual(raised);
      expect(numbers(await take(reader, 1))).toEqual([2]);
    }
  });

  test('does not change the task, and the queue stays open', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const before = await fleet.fold();
    await queue.enqueueEvent(FAILURE);
    const after = await fleet.fold();
    expect(after.task()).toEqual(before.task());
    expect(after.state.runs).toEqual(before.state.runs);
    expect(queue.isClosed).toBe(false);
    await queue.enqueueEvent(statusOf(COMPLETED));
    expect((await fleet.fold()).state.sealed).toBe(true);
  });

  test('ends a loop, and the next loop continues behind it', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(FAILURE);
    await queue.enqueueEvent(statusOf(COMPLETED));
    const consumer = new EventConsumer(await tapped());
    const given: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const { generation } of consumer.consumeAll()) given.push(generation);
    };
    await expect(loop()).rejects.toEqual(raised);
    await loop();
    expect(given).toEqual([1, 2]);
  });

  test('is acknowledged with the events before it: a named consumer does not get it again', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(FAILURE);
    await queue.enqueueEvent(FAILURE);
    const first = await tapped('audit');
    await first.dequeueEvent();
    await expect(first.dequeueEvent()).rejects.toEqual(raised);
    first.taskDone();
    await expect(first.dequeueEvent()).rejects.toEqual(raised);
    await first.close();
    await queue.enqueueEvent(statusOf(COMPLETED));
    await flush();
    expect(numbers(await takeAll(await tapped('audit')))).toEqual([2]);
  });

  test('with anything but an integer, a text and JSON is refused, and the queue continues', async () => {
    const wrong = [
      { code: 1.5, message: '' },
      { code: 1 },
      { code: 1, message: '', data: Number.NaN },
    ];
    for (const data of wrong) {
      await expect(queue.enqueueEvent({ kind: 'error', data } as never)).rejects.toMatchObject({
        code: 'invalid-event',
      });
    }
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
  });
});
