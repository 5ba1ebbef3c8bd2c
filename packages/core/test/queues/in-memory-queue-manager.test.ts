import { flush } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { InMemoryQueueManager } from '../../src/queues/in-memory-queue-manager.ts';
import { NoTaskQueue } from '../../src/queues/queue-errors.ts';
import { COMPLETED, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { numbers, takeAll } from '../fixtures/queues.ts';

const keyOf = (n: number): typeof KEY => ({ ...KEY, taskId: `task-${n}` });

async function complete(manager: InMemoryQueueManager, n: number): Promise<void> {
  const queue = await manager.createOrTap(keyOf(n));
  await queue.enqueueEvent(taskOf(WORKING, { id: `task-${n}` }));
  const status = statusOf(COMPLETED);
  if (status.kind === 'statusUpdate') status.data.taskId = `task-${n}`;
  await queue.enqueueEvent(status);
  await flush();
}

test('a queue in memory is replayed after its end, as any is', async () => {
  const manager = new InMemoryQueueManager();
  await complete(manager, 1);
  const tap = await manager.tap(keyOf(1), { after: 0 });
  expect(numbers(tap ? await takeAll(tap) : [])).toEqual([1, 2]);
  await manager.close(keyOf(1));
});

test('managers share no state', async () => {
  await complete(new InMemoryQueueManager(), 1);
  expect(await new InMemoryQueueManager().tap(keyOf(1))).toBeUndefined();
});

test('the last 256 unused logs are kept, and those in use', async () => {
  const manager = new InMemoryQueueManager();
  const used = await manager.createOrTap(keyOf(0));
  await used.enqueueEvent(taskOf(WORKING, { id: 'task-0' }));
  for (let n = 1; n <= 257; n += 1) await complete(manager, n);
  expect(await manager.tap(keyOf(1))).toBeUndefined();
  await expect(manager.close(keyOf(1))).rejects.toBeInstanceOf(NoTaskQueue);
  expect(await manager.tap(keyOf(3))).toBeDefined();
  const tap = await manager.tap(keyOf(0), { after: 0 });
  await used.close();
  expect(numbers(tap ? await takeAll(tap) : [])).toEqual([1]);
});

test('a consumer of a queue in memory continues where it stopped', async () => {
  const manager = new InMemoryQueueManager();
  const queue = await manager.createOrTap(KEY);
  await queue.enqueueEvent(taskOf(WORKING));
  const first = await queue.tap({ consumer: 'audit' });
  await first.dequeueEvent();
  first.taskDone();
  await first.close({ immediate: true });
  await queue.enqueueEvent(statusOf(COMPLETED));
  const second = await manager.tap(KEY, { consumer: 'audit' });
  expect(numbers(second ? await takeAll(second) : [])).toEqual([2]);
});
