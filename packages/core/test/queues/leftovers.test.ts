import { TestClock } from '@a2a-aws/testkit/fakes';
import { describe, expect, test, vi } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { systemEntropy } from '../../src/ports/entropy.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { EventConsumer } from '../../src/queues/event-consumer.ts';
import { LogQueueManager } from '../../src/queues/log-queue-manager.ts';
import { MemoryHost } from '../../src/queues/memory-host.ts';
import type { QueueManager } from '../../src/queues/queue-manager.ts';
import type { TaskKey } from '../../src/task-key.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { holdings } from '../fixtures/holdings.ts';
import { QueueFleet, takeAll } from '../fixtures/queues.ts';

// Looking into every object takes its time.
vi.setConfig({ testTimeout: 60_000 });

const of = (event: TaskEvent, taskId: string): TaskEvent =>
  event.kind === 'task'
    ? { ...event, data: { ...event.data, id: taskId } }
    : ({ ...event, data: { ...event.data, taskId } } as TaskEvent);

/** A task from its first event to its last, read here and there. */
async function live(here: QueueManager, there: QueueManager, taskId: string): Promise<void> {
  const key: TaskKey = { ...KEY, taskId };
  const leaving = new AbortController();
  const queue = await here.createOrTap(key);
  const child = await queue.tap();
  await queue.enqueueEvent(of(taskOf(WORKING), taskId));
  const taps = [
    child,
    await here.tap(key, { after: 0, maxQueueSize: 1 }),
    await there.tap(key, { after: 0 }),
  ];
  const left = await there.tap(key, { signal: leaving.signal });
  const refused = left?.dequeueEvent().catch(() => {});
  const named = await there.tap(key, { consumer: 'audit' });
  const consumed = (async () => {
    for await (const _ of new EventConsumer(await queue.tap()).consumeAll());
  })();
  const read = [...taps, named].map((tap) => tap && takeAll(tap));
  for (let n = 0; n < 3; n += 1) await queue.enqueueEvent(of(chunkOf('a', `${n}`), taskId));
  leaving.abort();
  await queue.enqueueEvent(of(statusOf(COMPLETED), taskId));
  await Promise.all([...read, consumed, refused]);
}

/** A task that its producer leaves as it is. */
async function leave(here: QueueManager, there: QueueManager, taskId: string): Promise<void> {
  const key: TaskKey = { ...KEY, taskId };
  const queue = await here.createOrTap(key);
  await queue.enqueueEvent(of(taskOf(WORKING), taskId));
  const tap = await there.tap(key, { after: 0 });
  await here.close(key);
  if (tap) await takeAll(tap);
}

describe('[I7] no queue, map, set or list of listeners grows with the tasks that are over', () => {
  test('in the managers of a fleet', async () => {
    const fleet = new QueueFleet();
    const a = await fleet.manager('a');
    const b = await fleet.manager('b');
    let tasks = 0;
    const heldAfter = async (count: number): Promise<number> => {
      for (let n = 0; n < count; n += 1) {
        await live(a.manager, b.manager, `task-${tasks++}`);
        await leave(b.manager, a.manager, `task-${tasks++}`);
      }
      // By then every delayed removal is done.
      await fleet.clock.advance(3 * 60_000);
      // The offsets are kept with the logs, in the table.
      for (let n = 0; n < tasks; n += 1) fleet.offsets.forget({ ...KEY, taskId: `task-${n}` });
      return holdings([a.manager, b.manager, a.member.instance, b.member.instance]);
    };
    const few = await heldAfter(2);
    expect(await heldAfter(10)).toBe(few);
    expect(few).toBeGreaterThan(0);
  });

  test('in a manager in memory, beyond the logs that it keeps', async () => {
    const clock = new TestClock();
    const host = new MemoryHost(clock, systemEntropy);
    const { offsets } = host;
    const deps = { host: () => host, offsets, clock, entropy: systemEntropy, logger: silentLogger };
    const manager = new LogQueueManager(deps);
    let tasks = 0;
    const heldAfter = async (count: number): Promise<number> => {
      for (let n = 0; n < count; n += 1) await live(manager, manager, `task-${tasks++}`);
      await clock.advance(5_000);
      return holdings([manager, host]);
    };
    const few = await heldAfter(2);
    const full = await heldAfter(254);
    expect(full).toBeGreaterThan(few);
    expect(await heldAfter(50)).toBe(full);
  });

  test('in a queue that continues, of the children that have left', async () => {
    const fleet = new QueueFleet();
    const { manager } = await fleet.manager('a');
    const queue = await manager.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const before = holdings([queue, manager]);
    for (let n = 0; n < 5; n += 1) {
      await (await queue.tap({ after: 0 })).close({ immediate: n % 2 === 0 });
      await queue.tap({ signal: AbortSignal.abort() });
    }
    expect(holdings([queue, manager])).toBe(before);
  });

  test('would be seen: a queue that is open is held', async () => {
    const fleet = new QueueFleet();
    const { manager } = await fleet.manager('a');
    const before = holdings(manager);
    const queue = await manager.createOrTap(KEY);
    await queue.enqueueEvent(taskOf(WORKING));
    const open = holdings(manager);
    await queue.tap();
    expect(open).toBeGreaterThan(before);
    expect(holdings(manager)).toBeGreaterThan(open);
  });
});
