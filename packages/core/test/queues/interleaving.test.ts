import { flush } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Delivery } from '../../src/model/fold.ts';
import { Fold } from '../../src/model/fold.ts';
import type { EventQueue } from '../../src/queues/event-queue.ts';
import type { LogQueueManager } from '../../src/queues/log-queue-manager.ts';
import { QueueShutDown } from '../../src/queues/queue-errors.ts';
import type { QueuedEvent } from '../../src/queues/queued-event.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import type { Member } from '../fixtures/fleet.ts';
import { QueueFleet } from '../fixtures/queues.ts';
import { doneUnanswered, type Hook, pass } from '../fixtures/wrapped-storage.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 120_000 });

const INSTANCES = ['a', 'b', 'c'] as const;
type Name = (typeof INSTANCES)[number];

/** A producer on its own instance: it enqueues one event after another, or all at once. */
const anyProducer = fc.record({
  events: fc.integer({ min: 0, max: 6 }),
  isPatient: fc.boolean(),
  end: fc.constantFrom('complete', 'close', 'hurry'),
});

/** A reader: a child of the queue on its instance, or of the task. */
const anyReader = fc.record({
  on: fc.constantFrom(...INSTANCES),
  isChild: fc.boolean(),
  after: fc.option(fc.nat(4), { nil: undefined }),
  maxQueueSize: fc.constantFrom(1, 2, 1024),
  /** Closes after so many events, or reads to the end; 0 never reads. */
  leaves: fc.option(fc.nat(4), { nil: undefined }),
  immediate: fc.boolean(),
});

interface Read {
  readonly reader: Parameters<Parameters<typeof anyReader.map>[0]>[0];
  /** Generation of the last event at the latest when the tap began. */
  readonly from: number;
  readonly taken: QueuedEvent[];
  isOver: boolean;
}

async function deliveries(fleet: QueueFleet): Promise<Delivery[]> {
  const fold = new Fold();
  return (await fleet.records()).flatMap((record) => fold.apply(record).deliveries);
}

test('[I1] [I3] [I6] [I8] under late, lost and unanswered calls, and readers that leave', async () => {
  const anySchedule = fc.record({
    scheduler: fc.scheduler(),
    // The second instance may have a queue of the same task.
    producers: fc.array(anyProducer, { minLength: 1, maxLength: 2 }),
    readers: fc.array(anyReader, { minLength: 1, maxLength: 5 }),
    lossPercent: fc.constantFrom(0, 50, 100),
    faults: fc.infiniteStream(fc.nat(99)),
  });
  await fc.assert(
    fc.asyncProperty(
      anySchedule,
      async ({ scheduler, producers, readers, lossPercent, faults }) => {
        const fleet = new QueueFleet();
        const managers = new Map<Name, { manager: LogQueueManager; member: Member }>();
        for (const name of INSTANCES) managers.set(name, await fleet.manager(name));
        const at = (name: Name): LogQueueManager => managers.get(name)?.manager as LogQueueManager;
        const turn = (label: string): Promise<unknown> =>
          scheduler.schedule(Promise.resolve(), label);
        const chance = (percent: number): boolean => (faults.next().value ?? 0) < percent;

        const queues = new Map<Name, EventQueue>();
        for (const [n] of producers.entries()) {
          const name = INSTANCES[n] as Name;
          const queue = await at(name).createOrTap(KEY, { contextId: 'context-1' });
          await queue.enqueueEvent(n === 0 ? taskOf(WORKING) : chunkOf('a', 'first'));
          queues.set(name, queue);
        }

        // From here on everything happens when the schedule says so.
        const late: Hook = async (call) => {
          await turn('call');
          const answer = call();
          await turn('answer');
          return answer;
        };
        fleet.storage.onRead = late;
        fleet.storage.onPut = (call) => late(() => (chance(10) ? doneUnanswered : pass)(call));
        for (const { member } of managers.values()) {
          member.fanout.network = (send) => {
            if (!chance(lossPercent)) void turn('doorbell').then(send);
            if (chance(20)) void turn('doorbell again').then(send);
          };
        }

        const produce = async (name: Name, { events, isPatient, end }: (typeof producers)[0]) => {
          const queue = queues.get(name) as EventQueue;
          const numbers: (number | undefined)[] = [];
          const enqueue = (event: Parameters<typeof queue.enqueueEvent>[0]): Promise<void> =>
            queue.enqueueEvent(event).then(
              (number) => void numbers.push(number),
              // Another producer may have ended the task.
              (error: { code?: string }) => expect(error.code).toBe('sealed'),
            );
          const asked: Promise<void>[] = [];
          for (let n = 0; n < events; n += 1) {
            await turn('enqueue');
            const done = enqueue(chunkOf(name, `${n}`, { append: true }));
            if (isPatient) await done;
            else asked.push(done);
          }
          if (end === 'complete') asked.push(enqueue(statusOf(COMPLETED)));
          if (end === 'hurry') await Promise.all(asked);
          await turn('close');
          await queue.close();
          await Promise.all(asked);
          // In the order of the calls.
          expect(numbers).toEqual(numbers.toSorted((a, b) => (a ?? 0) - (b ?? 0)));
        };

        const reads: Read[] = [];
        const follow = async (reader: Read['reader']): Promise<void> => {
          await turn('tap');
          const { on, isChild, after, maxQueueSize, leaves, immediate } = reader;
          const options = { after, maxQueueSize };
          const parent = isChild ? queues.get(on) : undefined;
          const opening = parent ? parent.tap(options) : at(on).tap(KEY, options);
          const tap = await opening.catch((error: unknown) => {
            // The queue was closed, or its task had ended, before.
            expect(error).toBeInstanceOf(QueueShutDown);
          });
          if (!tap) return;
          const from = after ?? (await deliveries(fleet)).length;
          const read: Read = { reader, from, taken: [], isOver: false };
          reads.push(read);
          for (;;) {
            await turn('dequeue');
            if (read.taken.length === leaves) await tap.close({ immediate });
            try {
              read.taken.push(await tap.dequeueEvent());
              tap.taskDone();
            } catch (error) {
              expect(error).toBeInstanceOf(QueueShutDown);
              break;
            }
          }
          expect(tap.isClosed).toBe(true);
          read.isOver = true;
        };

        let isOver = false;
        // Time passes, too: without any doorbell it takes a look at the log.
        const timePasses = async (): Promise<void> => {
          while (!isOver) {
            await turn('time');
            await fleet.clock.advance(500);
          }
        };
        let worked = 0;
        const produced = async (): Promise<void> => {
          await Promise.all(
            producers.map((producer, n) => produce(INSTANCES[n] as Name, producer)),
          );
          worked = (await deliveries(fleet)).length;
          // A reader that tapped the task when no producer was left waits for the next one.
          const next = await at('c').createOrTap(KEY);
          await next.enqueueEvent(statusOf(COMPLETED)).catch(() => {});
        };
        const work = Promise.all([produced(), ...readers.map(follow)]).then(() => {
          isOver = true;
        });
        await scheduler.waitFor(Promise.all([work, timePasses()]));

        const all = await deliveries(fleet);
        for (const { reader, from, taken, isOver: ended } of reads) {
          expect(ended).toBe(true);
          const [first] = taken;
          const start = reader.after ?? (first?.generation ?? from + 1) - 1;
          expect(start).toBeLessThanOrEqual(from);
          // The same as the log, without a gap or a repetition; to its end, unless it left.
          const expected = all.slice(start, start + taken.length);
          expect(taken).toEqual(expected);
          const owner = queues.has(reader.on) && reader.isChild;
          const isWhole = reader.leaves === undefined && !(owner && producers.length > 1);
          if (isWhole) expect(start + taken.length).toBeGreaterThanOrEqual(worked);
          if (reader.leaves !== undefined && reader.immediate) {
            expect(taken.length).toBeLessThanOrEqual(reader.leaves);
          }
        }
        // No instance is left, and no trace of one.
        fleet.storage.onPut = pass;
        fleet.storage.onRead = pass;
        await scheduler.waitIdle();
        await flush();
        for (const { member } of managers.values()) {
          expect(member.instance.logs.taps).toBe(0);
          expect(member.instance.intents.running).toBe(0);
        }
        expect(await fleet.registry.watchers(KEY)).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
