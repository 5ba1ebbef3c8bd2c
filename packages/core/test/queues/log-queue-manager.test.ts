import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { encode } from '../../src/model/record.ts';
import type { LogQueueManager } from '../../src/queues/log-queue-manager.ts';
import { NoTaskQueue, QueueShutDown, TaskQueueExists } from '../../src/queues/queue-errors.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import type { Member } from '../fixtures/fleet.ts';
import { numbers, QueueFleet, take, takeAll, waits } from '../fixtures/queues.ts';

let fleet: QueueFleet;
let a: LogQueueManager;
let b: LogQueueManager;
let memberA: Member;
let memberB: Member;

beforeEach(async () => {
  fleet = new QueueFleet();
  ({ manager: a, member: memberA } = await fleet.manager('a'));
  ({ manager: b, member: memberB } = await fleet.manager('b'));
});

describe('the queues of one instance', () => {
  test('are created once, found while they are open, and tapped', async () => {
    expect(await a.get(KEY)).toBeUndefined();
    const queue = await a.add(KEY);
    expect(await a.get(KEY)).toBe(queue);
    await expect(a.add(KEY)).rejects.toBeInstanceOf(TaskQueueExists);
    const child = await a.createOrTap(KEY);
    expect(child).not.toBe(queue);
    await queue.enqueueEvent(taskOf(WORKING));
    expect(numbers(await take(child, 1))).toEqual([1]);
    await a.close(KEY);
    expect(await a.get(KEY)).toBeUndefined();
    await expect(a.close(KEY)).rejects.toBeInstanceOf(NoTaskQueue);
  });

  test('of several callers at once are one queue and its children', async () => {
    const queues = await Promise.all([1, 2, 3].map(() => a.createOrTap(KEY)));
    const [queue, ...children] = queues;
    await queue?.enqueueEvent(taskOf(WORKING));
    for (const child of children) expect(numbers(await take(child, 1))).toEqual([1]);
    expect((await fleet.records()).flatMap((r) => r.entries.map((e) => e.kind))).toEqual([
      'start',
      'event',
    ]);
  });

  test('are removed when their task has ended: a close is no error then', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(COMPLETED));
    await flush();
    expect(await a.get(KEY)).toBeUndefined();
    await a.close(KEY);
    await queue.close();
  });

  test('[I9] are those of one tenant and owner', async () => {
    const mine = await a.createOrTap(KEY);
    const theirs = await a.createOrTap({ ...KEY, owner: 'other' });
    await mine.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap({ ...KEY, owner: 'other' });
    expect(tap).toBeUndefined();
    await theirs.enqueueEvent(taskOf(COMPLETED));
    expect(mine.isClosed).toBe(false);
    expect(await b.tap({ ...KEY, tenant: 'other' })).toBeUndefined();
  });

  test('are refused for a key that no table can hold', async () => {
    const key = { ...KEY, taskId: '' };
    const refused = { code: 'invalid-key' };
    await expect(a.createOrTap(key)).rejects.toMatchObject(refused);
    await expect(a.add(key)).rejects.toMatchObject(refused);
    await expect(a.tap(key)).rejects.toMatchObject(refused);
    await expect(a.close(key)).rejects.toMatchObject(refused);
  });
});

describe('a tap on another instance', () => {
  test('[I1] gives the same events in the same order', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const taps = [await queue.tap({ after: 0 }), await b.tap(KEY, { after: 0 })];
    for (let n = 0; n < 5; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
    await queue.enqueueEvent(statusOf(COMPLETED));
    const read = await Promise.all(taps.map((tap) => (tap ? takeAll(tap) : [])));
    expect(numbers(read[0] ?? [])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(read[1]).toEqual(read[0]);
  });

  test('begins where the log is, not where this instance had it', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    await b.tap(KEY);
    for (const { fanout } of [memberA, memberB]) fanout.network = () => {};
    await queue.enqueueEvent(chunkOf('a', 'x'));
    const tap = await b.tap(KEY);
    await queue.enqueueEvent(statusOf(COMPLETED));
    await fleet.clock.advance(20_000);
    expect(numbers(tap ? await takeAll(tap) : [])).toEqual([3]);
  });

  test('is undefined for a task that the log does not know', async () => {
    expect(await b.tap(KEY)).toBeUndefined();
    expect(memberB.instance.logs.openLogs).toBe(0);
    await flush();
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('gets the first event of a queue that had none', async () => {
    await (await a.createOrTap(KEY)).tap();
    const tap = await b.tap(KEY);
    await (await a.get(KEY))?.enqueueEvent(taskOf(WORKING));
    expect(numbers(tap ? await take(tap, 1) : [])).toEqual([1]);
  });

  test('on the same instance knows a queue that was never used', async () => {
    await a.createOrTap(KEY);
    expect(await a.tap(KEY)).toBeDefined();
  });

  test('[I6] ends when the queue is closed, after all enqueued events', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY, { after: 0 });
    const read = tap && takeAll(tap);
    await flush();
    await queue.close();
    expect(numbers((await read) ?? [])).toEqual([1]);
    expect(tap?.isClosed).toBe(true);
    await flush();
    expect(memberB.instance.logs.openLogs).toBe(0);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('[I7] without a reader costs nothing once the task has ended', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const [child, tap] = [await queue.tap({ after: 0 }), await b.tap(KEY, { after: 0 })];
    await queue.enqueueEvent(statusOf(COMPLETED));
    await flush();
    expect([memberA, memberB].map(({ instance }) => instance.logs.openLogs)).toEqual([0, 0]);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    // Later calls still return the remaining events.
    expect(numbers(await takeAll(child))).toEqual([1, 2]);
    expect(numbers(tap ? await takeAll(tap) : [])).toEqual([1, 2]);
  });

  test('[I7] that was closed without a drain costs nothing', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY, { after: 0 });
    await tap?.close();
    await flush();
    expect(memberB.instance.logs.openLogs).toBe(0);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(numbers(tap ? await takeAll(tap) : [])).toEqual([1]);
  });

  test('[I8] reads its last records from memory if it keeps up', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY);
    const read = tap && takeAll(tap);
    await flush();
    const before = fleet.storage.reads;
    await queue.enqueueEvent(chunkOf('1', 'x'));
    await flush();
    expect(fleet.storage.reads).toBe(before);
    // Its end is read, not believed.
    await queue.enqueueEvent(statusOf(COMPLETED));
    expect(numbers((await read) ?? [])).toEqual([2, 3]);
    expect(fleet.storage.reads).toBe(before + 1);
  });

  test('[I6] ends though every doorbell is lost', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY, { after: 0 });
    for (const { fanout } of [memberA, memberB]) fanout.network = () => {};
    const read = tap && takeAll(tap);
    await queue.enqueueEvent(statusOf(COMPLETED));
    await fleet.clock.advance(20_000);
    expect(numbers((await read) ?? [])).toEqual([1, 2]);
  });

  test('of a task without a run waits for the next queue', async () => {
    const first = await a.createOrTap(KEY);
    await first.enqueueEvent(taskOf(INPUT_REQUIRED));
    await first.close();
    const tap = await b.tap(KEY, { after: 0 });
    if (!tap) throw new Error('No tap.');
    const [asked] = await take(tap, 1);
    expect(asked).toMatchObject({ generation: 1, final: true });
    const next = tap.dequeueEvent();
    expect(await waits(next)).toBe(true);
    // A message from outside the task's work does not end that work.
    const { logs } = memberA.instance;
    const noted = encode({ kind: 'message', message: message('m1') });
    await logs.acquire(KEY).log.append(() => ({ entries: [noted] }));
    await fleet.clock.advance(20_000);
    const second = await a.createOrTap(KEY);
    await second.enqueueEvent(statusOf(WORKING));
    expect((await next).generation).toBe(2);
    await second.close();
    await expect(tap.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
  });

  test('works after a restart, from the log, also of a task that has ended', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    await queue.enqueueEvent(statusOf(COMPLETED));
    await queue.close();
    memberA.kill();
    memberB.kill();
    const { manager: c } = await fleet.manager('c');
    const whole = await c.tap(KEY, { after: 0 });
    expect(numbers(whole ? await takeAll(whole) : [])).toEqual([1, 2]);
    const end = await c.tap(KEY);
    await expect(end?.dequeueEvent()).rejects.toBeInstanceOf(QueueShutDown);
    const sibling = await whole?.tap({ after: 1 });
    expect(numbers(sibling ? await takeAll(sibling) : [])).toEqual([2]);
  });

  test('[I6] ends when the instance that had the queue was lost', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY);
    let taken: Awaited<ReturnType<typeof takeAll>> | undefined;
    if (tap) {
      void takeAll(tap).then((all) => {
        taken = all;
      });
    }
    memberA.kill();
    await fleet.clock.advanceUntil(() => taken !== undefined, 60_000);
    expect(numbers(taken ?? [])).toEqual([2]);
  });

  test('publishes no event: events from the log are not sent on', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const tap = await b.tap(KEY, { after: 0 });
    for (let n = 0; n < 5; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
    await flush();
    expect(numbers(tap ? await take(tap, 6) : [])).toEqual([1, 2, 3, 4, 5, 6]);
    // Each record once, to the instance that taps; the tap itself sent only its watch.
    expect(memberA.fanout.sentTo.filter((target) => target === 'b')).toHaveLength(5);
    const sent = memberB.fanout.published.filter(({ message: text }) => text.includes('"record"'));
    expect(sent).toEqual([]);
  });

  test('of a run that was answered by a Message gives that, and ends', async () => {
    const queue = await a.createOrTap(KEY);
    const early = await queue.tap();
    await queue.enqueueEvent({ kind: 'message', data: message('m1') });
    const late = await b.tap(KEY, { after: 0 });
    await early.close();
    expect(await takeAll(early)).toMatchObject([{ event: { kind: 'message' }, final: true }]);
    expect(late && (await take(late, 1))).toMatchObject([{ event: { kind: 'message' } }]);
  });

  test('[I10] whose opening fails leaves no log open', async () => {
    const queue = await a.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    fleet.storage.onRead = () => Promise.reject(new Error('no answer'));
    await expect(b.tap(KEY)).rejects.toThrow();
    expect(memberB.instance.logs.openLogs).toBe(0);
    await flush();
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });
});
