import { flush } from '@a2a-aws/testkit/fakes';
import { TaskState } from '@a2a-js/sdk';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EventQueue } from '../../src/queues/event-queue.ts';
import type { LogQueueManager } from '../../src/queues/log-queue-manager.ts';
import { QueueShutDown } from '../../src/queues/queue-errors.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import type { Member } from '../fixtures/fleet.ts';
import { numbers, QueueFleet, take, takeAll, waits } from '../fixtures/queues.ts';
import { gate, noAnswer } from '../fixtures/wrapped-storage.ts';

let fleet: QueueFleet;
let member: Member;
let manager: LogQueueManager;
let queue: EventQueue;

beforeEach(async () => {
  fleet = new QueueFleet();
  ({ manager, member } = await fleet.manager('a'));
  queue = await manager.createOrTap(KEY, { contextId: 'context-1' });
});

const entries = async (): Promise<string[]> =>
  (await fleet.records()).flatMap((record) => record.entries.map(({ kind }) => kind));

describe('enqueueEvent', () => {
  test('[I2] resolves with the generation once the event is durable', async () => {
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
    expect((await fleet.fold()).generation).toBe(1);
    expect(await queue.enqueueEvent(chunkOf('a', 'x'))).toBe(2);
  });

  test('[I1] keeps the order of the calls, also while the run is being opened', async () => {
    const calls = [taskOf(WORKING), ...[1, 2, 3, 4].map((n) => chunkOf('a', `${n}`))];
    const asked = calls.map((event) => queue.enqueueEvent(event));
    expect(await Promise.all(asked)).toEqual([1, 2, 3, 4, 5]);
  });

  test('takes the event as it was when it was handed over', async () => {
    const event = taskOf(WORKING);
    const stored = queue.enqueueEvent(event);
    if (event.kind === 'task') event.data.contextId = 'changed';
    await stored;
    expect((await fleet.fold()).task()?.contextId).toBe('context-1');
  });

  test('puts a Task before an event without one', async () => {
    expect(await queue.enqueueEvent(statusOf(WORKING))).toBe(2);
    expect((await fleet.fold()).task()?.contextId).toBe('context-1');
  });

  test('puts a Task of the event’s own context there, whatever context the queue was created with', async () => {
    const other = { ...KEY, taskId: 'task-2' };
    const first = statusOf(WORKING);
    Object.assign(first.data, { taskId: other.taskId, contextId: 'context-2' });
    const created = await manager.createOrTap(other);
    expect(await created.enqueueEvent(first)).toBe(2);
    const reader = await manager.tap(other, { after: 0 });
    const events = await take(reader as EventQueue, 2);
    expect(events.map(({ event }) => event.data)).toMatchObject([
      { id: 'task-2', contextId: 'context-2' },
      { taskId: 'task-2', contextId: 'context-2' },
    ]);
  });

  test.each([
    ['of an unknown kind', { kind: 'later', data: { taskId: KEY.taskId } }],
    ['without content', { kind: 'task' }],
    ['an error itself', new Error('failed')],
    ['nothing', undefined],
  ])('refuses a value that is no event (%s), and continues', async (_, event) => {
    await expect(queue.enqueueEvent(event as never)).rejects.toMatchObject({
      code: 'unknown-event',
    });
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
  });

  test('[I9] refuses an event of another task, and continues', async () => {
    const other = taskOf(WORKING, { id: 'task-2' });
    await expect(queue.enqueueEvent(other)).rejects.toMatchObject({ code: 'invalid-event' });
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
  });

  test('refuses an event that is too large, and continues', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const large = chunkOf('a', 'x'.repeat(5 * 1024 * 1024));
    await expect(queue.enqueueEvent(large)).rejects.toMatchObject({ code: 'event-too-large' });
    expect(await queue.enqueueEvent(chunkOf('a', 'x'))).toBe(2);
  });

  test('[I4] is refused once the task has ended, on any instance', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    const other = (await fleet.manager('b')).member.instance;
    const canceled = other.cancel(KEY, 1_000);
    await fleet.clock.advance(2_000);
    expect(await canceled).toHaveProperty('canceled');
    await expect(queue.enqueueEvent(chunkOf('a', 'x'))).rejects.toMatchObject({ code: 'sealed' });
    expect(await fleet.states()).toEqual([WORKING, CANCELED]);
    await flush();
    expect(queue.isClosed).toBe(true);
    await expect(queue.enqueueEvent(chunkOf('a', 'x'))).rejects.toMatchObject({ code: 'sealed' });
  });

  test('that could not open the run may be tried again', async () => {
    const putIntent = fleet.registry.putIntent;
    fleet.registry.putIntent = () => Promise.reject(noAnswer());
    const refused = queue.enqueueEvent(taskOf(WORKING));
    await expect(refused).rejects.toMatchObject({ code: 'unreachable' });
    fleet.registry.putIntent = putIntent;
    expect(await queue.enqueueEvent(taskOf(WORKING))).toBe(1);
  });
});

describe('a queue', () => {
  test('without a user leaves no trace in the log', async () => {
    await queue.close();
    expect(await entries()).toEqual([]);
    await expect(queue.enqueueEvent(taskOf(WORKING))).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('is a run without a message, which its close ends, and no FAILED is added', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.close();
    await queue.close();
    expect(await entries()).toEqual(['start', 'event', 'end']);
    expect((await fleet.fold()).task()?.status?.state).toBe(TaskState.TASK_STATE_WORKING);
    await flush();
    expect(await fleet.registry.intents('a')).toEqual([]);
  });

  test('that answers by a Message leaves the task as it is', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent({ kind: 'message', data: message('m1') });
    await queue.close();
    expect(await entries()).toEqual(['start', 'event', 'answer']);
  });

  test('[I4] closes itself when its task ends, and leaves no intent', async () => {
    await queue.enqueueEvent(taskOf(COMPLETED));
    await flush();
    expect(queue.isClosed).toBe(true);
    expect(await fleet.registry.intents('a')).toEqual([]);
    expect(member.instance.logs.openLogs).toBe(0);
  });

  test('[I2] everything that was enqueued is durable when it is closed', async () => {
    const asked = [1, 2, 3].map((n) => queue.enqueueEvent(chunkOf('a', `${n}`)));
    await queue.close({ immediate: true });
    expect(await Promise.all(asked)).toEqual([2, 3, 4]);
    expect(await entries()).toEqual(['start', 'event', 'event', 'event', 'event', 'end']);
  });

  test('is read itself from its first event on, whenever that begins', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(chunkOf('a', 'x'));
    expect(numbers(await take(queue, 1))).toEqual([1]);
    // Leaving an iteration is not closing the queue.
    for await (const { generation } of queue) {
      expect(generation).toBe(2);
      break;
    }
    expect(queue.isClosed).toBe(false);
  });

  test('is read to its end after it was closed, unless that was immediate', async () => {
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.close();
    expect(numbers(await takeAll(queue))).toEqual([1]);
    const again = await manager.createOrTap(KEY);
    await Promise.all([1, 2].map((n) => again.enqueueEvent(chunkOf('a', `${n}`))));
    await again.close();
    expect(numbers(await take(again, 1))).toEqual([2]);
    await again.close({ immediate: true });
    await expect(again.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
    await flush();
    expect(member.instance.logs.openLogs).toBe(0);
  });

  test('acknowledges only dequeued events', () => {
    expect(() => queue.taskDone()).toThrow(expect.objectContaining({ code: 'queue-misuse' }));
  });
});

describe('closing a parent', () => {
  test('[I6] ends its children once they have all events that it enqueued', async () => {
    const children = [await queue.tap(), await queue.tap()];
    const [idle] = children;
    await queue.enqueueEvent(taskOf(WORKING));
    const asked = idle?.dequeueEvent().then(() => idle.dequeueEvent());
    await flush();
    await queue.close();
    await expect(asked).rejects.toBeInstanceOf(QueueShutDown);
    for (const child of children.slice(1)) expect(numbers(await takeAll(child))).toEqual([1]);
    expect(children.map((child) => child.isClosed)).toEqual([true, true]);
  });

  test('immediately drops the events that they have not dequeued', async () => {
    const child = await queue.tap();
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.close({ immediate: true });
    await expect(child.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
    await expect(queue.tap()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('immediately drops the events of a child that is just being opened', async () => {
    const { hook, open } = gate();
    const putIntent = fleet.registry.putIntent.bind(fleet.registry);
    fleet.registry.putIntent = (row) => hook(() => putIntent(row));
    const stored = queue.enqueueEvent(taskOf(WORKING));
    const opening = queue.tap({ after: 0 });
    await flush();
    const closed = queue.close({ immediate: true });
    open();
    await Promise.all([stored, closed]);
    await expect((await opening).dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('drains first, and drops the rest if it is closed again with immediate', async () => {
    const child = await queue.tap();
    await Promise.all([taskOf(WORKING), chunkOf('a', 'x')].map((e) => queue.enqueueEvent(e)));
    await queue.close();
    expect(numbers(await take(child, 1))).toEqual([1]);
    await queue.close({ immediate: true });
    await expect(child.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('ends its own children, not the taps of a task that others work on', async () => {
    const { manager: elsewhere } = await fleet.manager('b');
    await queue.enqueueEvent(taskOf(WORKING));
    const other = await elsewhere.createOrTap(KEY);
    await other.enqueueEvent(chunkOf('a', 'x'));
    await flush();
    const [child, task] = [await queue.tap(), await manager.tap(KEY)];
    await queue.close();
    await expect(child.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
    const asked = task?.dequeueEvent();
    expect(await waits(asked as Promise<unknown>)).toBe(true);
    await other.enqueueEvent(chunkOf('a', 'y'));
    expect((await asked)?.generation).toBe(3);
    await other.close();
    await expect(task?.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });
});

describe('an instance that stops', () => {
  test('[I6] tells its readers that they are not at the end', async () => {
    const { manager: elsewhere, member: other } = await fleet.manager('b');
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await elsewhere.tap(KEY, { after: 0 });
    const seen: (number | undefined)[] = [];
    const read = (async () => {
      for await (const { generation } of tap ?? []) seen.push(generation);
    })();
    const refused = expect(read).rejects.toMatchObject({
      code: 'queue-shut-down',
      cause: { code: 'draining' },
    });
    await flush();
    const stopped = other.instance.stop(1_000);
    await fleet.clock.advance(20_000);
    await Promise.all([stopped, refused]);
    expect(seen).toEqual([1]);
    expect(await queue.enqueueEvent(chunkOf('a', 'x'))).toBe(2);
  });

  test('[I6] reports its unfinished queues as lost', async () => {
    const child = await queue.tap();
    await queue.enqueueEvent(taskOf(WORKING));
    const read = takeAll(child);
    const stopped = member.instance.stop(1_000);
    await fleet.clock.advance(20_000);
    await stopped;
    expect(numbers(await read)).toEqual([1, 2]);
    await expect(queue.enqueueEvent(chunkOf('a', 'x'))).rejects.toMatchObject({ code: 'sealed' });
  });
});
