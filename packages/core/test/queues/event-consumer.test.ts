import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { EventConsumer } from '../../src/queues/event-consumer.ts';
import type { EventQueue } from '../../src/queues/event-queue.ts';
import { InMemoryQueueManager } from '../../src/queues/in-memory-queue-manager.ts';
import type { QueuedEvent } from '../../src/queues/queued-event.ts';
import {
  AUTH_REQUIRED,
  CANCELED,
  COMPLETED,
  chunkOf,
  FAILED,
  INPUT_REQUIRED,
  KEY,
  message,
  REJECTED,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { numbers, takeAll } from '../fixtures/queues.ts';

let queue: EventQueue;

beforeEach(async () => {
  queue = await new InMemoryQueueManager().createOrTap(KEY);
});

async function consume(consumer: EventConsumer): Promise<QueuedEvent[]> {
  const consumed: QueuedEvent[] = [];
  for await (const queued of consumer.consumeAll()) consumed.push(queued);
  return consumed;
}

describe('consumeAll', () => {
  test.each([COMPLETED, FAILED, CANCELED, REJECTED, INPUT_REQUIRED])(
    '[I6] ends on the final event, a status %i, and closes the queue',
    async (state) => {
      const child = await queue.tap();
      const consumed = consume(new EventConsumer(child));
      await queue.enqueueEvent(taskOf(WORKING));
      await queue.enqueueEvent(chunkOf('a', 'x'));
      await queue.enqueueEvent(statusOf(state));
      expect(numbers(await consumed)).toEqual([1, 2, 3]);
      expect(child.isClosed).toBe(true);
    },
  );

  test('continues after a status that does not end the task', async () => {
    const consumed = consume(new EventConsumer(await queue.tap()));
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(statusOf(AUTH_REQUIRED));
    await queue.enqueueEvent(statusOf(COMPLETED));
    expect(numbers(await consumed)).toEqual([1, 2, 3]);
  });

  test('ends on a Message', async () => {
    const consumed = consume(new EventConsumer(await queue.tap()));
    await queue.enqueueEvent({ kind: 'message', data: message('m1') });
    expect(await consumed).toMatchObject([{ event: { kind: 'message' }, final: true }]);
  });

  test('has closed the queue before it gives the final event', async () => {
    const child = await queue.tap();
    await queue.enqueueEvent(taskOf(COMPLETED));
    for await (const { final } of new EventConsumer(child).consumeAll()) {
      expect([final, child.isClosed]).toEqual([true, true]);
      break;
    }
  });

  test('ends when the queue is closed', async () => {
    const consumed = consume(new EventConsumer(await queue.tap()));
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.close();
    expect(numbers(await consumed)).toEqual([1]);
  });

  test('works on the queue itself, which its end closes', async () => {
    const consumed = consume(new EventConsumer(queue));
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(statusOf(INPUT_REQUIRED));
    expect(numbers(await consumed)).toEqual([1, 2]);
    expect(queue.isClosed).toBe(true);
  });

  test('[I8] ends the queue without taking unread events from its children', async () => {
    const child = await queue.tap();
    const consumed = consume(new EventConsumer(queue));
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(statusOf(COMPLETED));
    expect(numbers(await consumed)).toEqual([1, 2]);
    expect(numbers(await takeAll(child))).toEqual([1, 2]);
  });

  test('that is broken off leaves the queue open', async () => {
    const child = await queue.tap();
    await queue.enqueueEvent(taskOf(WORKING));
    for await (const _ of new EventConsumer(child).consumeAll()) break;
    expect(child.isClosed).toBe(false);
  });
});

describe('agentTaskCallback', () => {
  const boom = new Error('boom');

  test('[I6] raises the error of the execution, after the events before it', async () => {
    const consumer = new EventConsumer(await queue.tap());
    const consumed: QueuedEvent[] = [];
    const reading = (async () => {
      for await (const queued of consumer.consumeAll()) consumed.push(queued);
    })();
    consumer.agentTaskCallback(
      (async () => {
        await queue.enqueueEvent(taskOf(WORKING));
        await queue.enqueueEvent(chunkOf('a', 'x'));
        throw boom;
      })(),
    );
    await expect(reading).rejects.toBe(boom);
    expect(numbers(consumed)).toEqual([1, 2]);
  });

  test('raises it also to a reader that comes later, and when the queue was closed', async () => {
    const consumer = new EventConsumer(await queue.tap());
    consumer.agentTaskCallback(Promise.reject(boom));
    await flush();
    await queue.close();
    await expect(consume(consumer)).rejects.toBe(boom);
  });

  test('leaves an execution alone that ends well: others may go on with the task', async () => {
    const consumer = new EventConsumer(await queue.tap());
    consumer.agentTaskCallback(Promise.resolve());
    const consumed = consume(consumer);
    await flush();
    await queue.enqueueEvent(taskOf(COMPLETED));
    expect(numbers(await consumed)).toEqual([1]);
  });

  test('ignores a failure after the final event', async () => {
    const consumer = new EventConsumer(await queue.tap());
    const failing = queue.enqueueEvent(taskOf(COMPLETED)).then(() => Promise.reject(boom));
    consumer.agentTaskCallback(failing);
    expect(numbers(await consume(consumer))).toEqual([1]);
  });
});
