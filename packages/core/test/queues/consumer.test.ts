import { flush } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { placeAt } from '../../src/model/place.ts';
import type { EventQueue } from '../../src/queues/event-queue.ts';
import type { QueuedEvent } from '../../src/queues/queued-event.ts';
import { COMPLETED, chunkOf, KEY, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { numbers, QueueFleet, take, takeAll } from '../fixtures/queues.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const opened = (tap: EventQueue | undefined): EventQueue => {
  if (!tap) throw new Error('No tap.');
  return tap;
};

test('[I3] a named consumer continues after the events that it acknowledged, on any instance', async () => {
  const fleet = new QueueFleet();
  const { manager: a, member } = await fleet.manager('a');
  const queue = await a.createOrTap(KEY);
  await queue.enqueueEvent(taskOf(WORKING));
  for (let n = 0; n < 4; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
  const first = opened(await a.tap(KEY, { consumer: 'audit' }));
  // Five are given, three of them acknowledged, when the instance is lost.
  const seen = [];
  for (let n = 0; n < 5; n += 1) seen.push(await first.dequeueEvent());
  for (let n = 0; n < 3; n += 1) first.taskDone();
  await fleet.clock.advance(1_000);
  member.kill();
  const { manager: b } = await fleet.manager('b');
  const second = opened(await b.tap(KEY, { consumer: 'audit' }));
  expect(numbers(seen)).toEqual([1, 2, 3, 4, 5]);
  expect(numbers(await take(second, 2))).toEqual([4, 5]);
  // Another name has seen nothing yet.
  const other = opened(await b.tap(KEY, { consumer: 'index' }));
  expect(numbers(await take(other, 1))).toEqual([1]);
});

test('[I3] never starts before `after`, and never before the acknowledged place', async () => {
  const fleet = new QueueFleet();
  const { manager } = await fleet.manager('a');
  const queue = await manager.createOrTap(KEY);
  await queue.enqueueEvent(taskOf(WORKING));
  for (let n = 0; n < 4; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
  const startOf = async (after?: number): Promise<number | undefined> => {
    const tap = await queue.tap({ consumer: 'audit', after });
    const { generation } = await tap.dequeueEvent();
    await tap.close({ immediate: true });
    return generation;
  };
  expect(await startOf(2)).toBe(3);
  const tap = await queue.tap({ consumer: 'audit' });
  await take(tap, 3);
  await tap.close({ immediate: true });
  expect(await startOf()).toBe(4);
  expect(await startOf(1)).toBe(4);
  expect(await startOf(4)).toBe(5);
});

test('[I3] an acknowledged Message is not delivered again if the log has nothing else', async () => {
  const fleet = new QueueFleet();
  const { manager } = await fleet.manager('a');
  const queue = await manager.createOrTap(KEY);
  await queue.enqueueEvent({ kind: 'message', data: message('m1') });
  const answered = async (): Promise<QueuedEvent[]> => {
    const tap = opened(await manager.tap(KEY, { consumer: 'audit' }));
    await tap.close();
    return takeAll(tap);
  };
  expect(await answered()).toHaveLength(1);
  expect(await answered()).toEqual([]);
});

test('[I3] a Message that was acknowledged is not given again', async () => {
  const fleet = new QueueFleet();
  const { manager } = await fleet.manager('a');
  const queue = await manager.createOrTap(KEY);
  await queue.enqueueEvent(taskOf(WORKING));
  await queue.enqueueEvent({ kind: 'message', data: message('m1') });
  const kinds = async (acknowledged: number): Promise<string[]> => {
    const tap = opened(await manager.tap(KEY, { consumer: 'audit' }));
    await tap.close();
    const taken: string[] = [];
    for (;;) {
      const queued = await tap.dequeueEvent().catch(() => undefined);
      if (!queued) break;
      taken.push(queued.event.kind);
      if (taken.length <= acknowledged) tap.taskDone();
    }
    await tap.close();
    return taken;
  };
  expect(await kinds(1)).toEqual(['task', 'message']);
  expect(await kinds(1)).toEqual(['message']);
  expect(await kinds(0)).toEqual([]);
});

test('[I8] a fast reader costs one write a second, and one for its last acknowledgement', async () => {
  const fleet = new QueueFleet();
  const { manager } = await fleet.manager('a');
  const save = vi.spyOn(fleet.offsets, 'save');
  const queue = await manager.createOrTap(KEY);
  const tap = await queue.tap({ consumer: 'audit' });
  const read = takeAll(tap);
  await queue.enqueueEvent(taskOf(WORKING));
  for (let n = 0; n < 200; n += 1) {
    await queue.enqueueEvent(chunkOf('a', `${n}`));
    await fleet.clock.advance(10);
  }
  await queue.enqueueEvent(statusOf(COMPLETED));
  await flush();
  await tap.close();
  expect(await read).toHaveLength(202);
  expect(save.mock.calls.length).toBeLessThanOrEqual(5);
  expect(await fleet.offsets.load(KEY, 'audit')).toEqual(placeAt(202));
});

test('[I3] at least once, in order, wherever it is interrupted', async () => {
  const anyCut = fc.record({
    taken: fc.nat(6),
    acknowledged: fc.nat(6),
    way: fc.constantFrom('close', 'drop', 'lose'),
    waitMs: fc.constantFrom(0, 500, 2_000),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyCut, { maxLength: 6 }), async (cuts) => {
      const fleet = new QueueFleet();
      const { manager } = await fleet.manager('a');
      const queue = await manager.createOrTap(KEY);
      await queue.enqueueEvent(taskOf(WORKING));
      for (let n = 0; n < 11; n += 1) await queue.enqueueEvent(chunkOf('a', `${n}`));
      await queue.enqueueEvent(statusOf(COMPLETED));
      /** How far anything was ever acknowledged. */
      let done = 0;
      const remembered = async (): Promise<number> =>
        (await fleet.offsets.load(KEY, 'audit'))?.generation ?? 0;
      for (const { taken, acknowledged, way, waitMs } of cuts) {
        const from = await remembered();
        const tap = opened(await manager.tap(KEY, { consumer: 'audit' }));
        const seen: number[] = [];
        for (let n = 0; n < taken; n += 1) {
          const queued = await tap.dequeueEvent().catch(() => undefined);
          if (queued?.generation) seen.push(queued.generation);
        }
        // Nothing that was not acknowledged is left out, and each comes once, in order.
        expect(seen).toEqual(seen.map((_, n) => from + 1 + n));
        let own = from;
        for (const generation of seen.slice(0, acknowledged)) {
          tap.taskDone();
          own = generation;
        }
        done = Math.max(done, own);
        await fleet.clock.advance(waitMs);
        if (way !== 'lose') await tap.close({ immediate: way === 'drop' });
        expect(await remembered()).toBeLessThanOrEqual(done);
        // The acknowledgements of a tap that is not closed may be stored later.
        if (way !== 'lose') expect(await remembered()).toBeGreaterThanOrEqual(own);
      }
    }),
    { numRuns: 60 },
  );
});
