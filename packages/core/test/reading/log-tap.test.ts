import { flush, seededEntropy } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type AppliedRecord, Fold } from '../../src/model/fold.ts';
import { asGeneration, generationAfter } from '../../src/model/generation.ts';
import { sleep } from '../../src/ports/clock.ts';
import type { LogStorage } from '../../src/ports/log-storage.ts';
import { taskAt } from '../../src/reading/log-tap.ts';
import type { OpenLog } from '../../src/reading/open-log.ts';
import { RECENT_BYTES } from '../../src/reading/recent-records.ts';
import { say, startOf } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, KEY, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';
import { pass, unreadable } from '../fixtures/wrapped-storage.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

let fleet: OpenLogsFleet;
let writer: Peer;
let reader: Peer;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  reader = await fleet.peer('b');
});

const ids = (steps: readonly AppliedRecord[]): string[] => steps.map((step) => step.record.id);

/** Returns the records that a tap delivers until it has caught up. */
const drained = async (tap: Parameters<typeof drain>[0]): Promise<AppliedRecord[]> => {
  const steps = drain(tap);
  await flush();
  return steps;
};

const rest = async (generation: number): Promise<number[]> => {
  const fold = new Fold();
  const records = await fleet.storage.records(KEY);
  return generationsOf(records.map((record) => fold.apply(record))).filter((g) => g > generation);
};

describe('a tap', () => {
  test('[I6] of an unreadable log rejects soon, and continues once the log is readable', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const { tap } = await openTap(reader);
    fleet.storage.onRead = () => Promise.reject(unreadable());
    const failed = tap.next().catch((error: unknown) => error);
    await fleet.clock.advance(20_000);
    expect(await failed).toEqual(unreadable());
    fleet.storage.onRead = pass;
    const steps = drain(tap);
    await say(run.log, 'run-a', chunkOf('1', 'x'));
    await flush();
    expect(generationsOf(steps)).toEqual([2]);
  });

  test('[I3] that must finish delivers the known records and then ends, also if it waits', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const { tap } = await openTap(writer);
    await say(run.log, 'run-a', chunkOf('1', 'x'));
    await say(run.log, 'run-a', chunkOf('2', 'x'));
    tap.finish();
    tap.finish();
    expect(generationsOf(await drained(tap))).toEqual([2, 3]);
    expect(await tap.next()).toBeUndefined();
    const waiting = (await openTap(writer)).tap;
    const next = waiting.next();
    await flush();
    waiting.finish();
    expect(await next).toBeUndefined();
  });

  test('[I3] skips records on request, and continues from there', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const { tap } = await openTap(writer);
    await say(run.log, 'run-a', chunkOf('1', 'x'));
    tap.skip();
    expect(tap.isCaughtUp).toBe(true);
    await say(run.log, 'run-a', chunkOf('2', 'x'));
    expect(generationsOf(await drained(tap))).toEqual([3]);
  });

  test('[I3] delivers each record after its place once, in order', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const { tap, from } = await openTap(reader);
    const steps = drain(tap);
    for (const id of ['1', '2', '3']) await say(run.log, 'run-a', chunkOf(id, 'x'));
    await flush();
    expect(from).toBe(1);
    expect(generationsOf(steps)).toEqual([2, 3, 4]);
  });

  test('[I3] delivers each event once, although doorbells are lost, repeated, late or out of order', async () => {
    const schedule = fc.record({
      seed: fc.integer(),
      openAt: fc.nat(3_000),
      lossPercent: fc.constantFrom(0, 30, 100),
      gaps: fc.array(fc.nat(800), { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(schedule, async ({ seed, openAt, lossPercent, gaps }) => {
        fleet = new OpenLogsFleet();
        const { clock } = fleet;
        writer = await fleet.peer('a');
        reader = await fleet.peer('b');
        const random = seededEntropy('network', seed).random;
        for (const { fanout } of [writer, reader]) {
          fanout.network = (send) => {
            while (random() * 100 >= lossPercent) {
              clock.after(random() * 1_500, send);
              if (random() < 0.7) break;
            }
          };
        }
        const written = (async () => {
          const run = await openRun(writer);
          for (const gap of gaps) {
            await sleep(clock, gap);
            await say(run.log, 'run-a', chunkOf('a', 'x', { append: true }));
          }
          await say(run.log, 'run-a', statusOf(COMPLETED));
        })();
        const read = (async () => {
          await sleep(clock, openAt);
          const { tap, from } = await openTap(reader);
          const steps: AppliedRecord[] = [];
          while (!tap.state.sealed) {
            const step = await tap.next();
            if (step) steps.push(step);
          }
          return { from, steps };
        })();
        let done = false;
        void Promise.all([written, read]).then(() => {
          done = true;
        });
        await clock.advanceUntil(() => done, 60_000);
        const { from, steps } = await read;
        expect(generationsOf(steps)).toEqual(await rest(from));
        expect(new Set(ids(steps)).size).toBe(steps.length);
      }),
      { numRuns: 60 },
    );
  });

  test('[I10] that is closed delivers no more events, and disturbs no other tap', async () => {
    const run = await openRun(writer);
    const [one, other] = [await openTap(reader), await openTap(reader)];
    const waiting = one.tap.next();
    const steps = drain(other.tap);
    one.close();
    one.close();
    expect(await waiting).toBeUndefined();
    await flush();
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(generationsOf(steps)).toEqual([1]);
    expect(await one.tap.next()).toBeUndefined();
  });

  test('[I8] that is not read holds up neither the writer nor another tap', async () => {
    const run = await openRun(writer);
    await openTap(reader);
    const steps = drain((await openTap(reader)).tap);
    const text = 'x'.repeat(100_000);
    for (let n = 0; n < 30; n += 1) {
      expect(await say(run.log, 'run-a', chunkOf('a', text))).toHaveProperty('appended');
    }
    await flush();
    expect(generationsOf(steps)).toEqual(await rest(0));
  });

  test('[I8] that fell behind reads the log, and catches up', async () => {
    const run = await openRun(writer);
    const slow = await openTap(reader);
    const text = 'x'.repeat(100_000);
    for (let n = 0; n < 3 * (RECENT_BYTES / 100_000); n += 1) {
      await say(run.log, 'run-a', chunkOf(`a${n}`, text));
      await flush();
    }
    const before = fleet.storage.reads;
    const steps = drain(slow.tap);
    await flush();
    expect(fleet.storage.reads).toBeGreaterThan(before);
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await flush();
    expect(generationsOf(steps)).toEqual(await rest(0));
    expect(slow.tap.state).toEqual(run.log.state);
  });

  test('[I3] that fell behind twice gets each record once', async () => {
    const run = await openRun(writer);
    const slow = await openTap(reader);
    const write = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        await say(run.log, 'run-a', chunkOf('a', 'x'.repeat(100_000)));
        await flush();
      }
    };
    const window = Math.ceil(RECENT_BYTES / 100_000);
    await write(3 * window);
    const steps: AppliedRecord[] = [];
    // Into the window, so that some come from memory, but not to its end.
    for (let n = 0; n < 3 * window - 3; n += 1) {
      const step = await slow.tap.next();
      if (step) steps.push(step);
    }
    await write(2 * window);
    steps.push(...(await drained(slow.tap)));
    expect(generationsOf(steps)).toEqual(await rest(0));
  });

  test('[I1] that fell behind gets the same Task as one that did not', async () => {
    const run = await openRun(writer);
    const [slow, quick] = [await openTap(reader), await openTap(reader)];
    const live = drain(quick.tap);
    await say(run.log, 'run-a', taskOf(WORKING, { history: [message('m1')] }));
    await say(run.log, 'run-a', chunkOf('a', 'one'));
    // One record of a Task event and the start of another run: group commit makes such.
    await Promise.all([
      say(run.log, 'run-a', chunkOf('a', 'two', { append: true })),
      say(run.log, 'run-a', taskOf(WORKING, { history: [message('m2')] })),
      run.log.append(startOf('run-2', 'a')),
    ]);
    for (let n = 0; n < 2 * (RECENT_BYTES / 100_000); n += 1) {
      await say(run.log, 'run-a', chunkOf('b', 'x'.repeat(100_000)));
      await flush();
    }
    const late = drain(slow.tap);
    await flush();
    const tasks = (steps: readonly AppliedRecord[]): unknown[] =>
      steps.flatMap((step) => step.deliveries).filter(({ event }) => event.kind === 'task');
    expect(tasks(live)).toHaveLength(2);
    expect(tasks(late)).toEqual(tasks(live));
  });

  test('[I8] that could not read the log tries again at the next call', async () => {
    const run = await openRun(writer);
    const slow = await openTap(reader);
    for (let n = 0; n < 2 * (RECENT_BYTES / 100_000); n += 1) {
      await say(run.log, 'run-a', chunkOf('a', 'x'.repeat(100_000)));
      await flush();
    }
    fleet.storage.onRead = () => Promise.reject(new Error('no answer'));
    await expect(slow.tap.next()).rejects.toThrow();
    fleet.storage.onRead = (call) => call();
    const steps = drain(slow.tap);
    await flush();
    expect(generationsOf(steps)).toEqual(await rest(0));
  });
});

describe('a tap after an event', () => {
  /** Two events a record, so that half of the places are inside one. */
  const writePairs = async (count: number): Promise<OpenLog> => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    for (let n = 0; n < count; n += 1) {
      await Promise.all([1, 2, 3].map((id) => say(run.log, 'run-a', chunkOf(`${id}`, 'x'))));
    }
    return run;
  };

  test('[I3] begins with the record that holds the event, anywhere in it, and continues live', async () => {
    const run = await writePairs(3);
    const end = run.log.generation;
    const open = reader.logs.acquire(KEY);
    await open.log.refresh();
    const taps = Array.from(
      { length: end + 1 },
      (_, after) => open.tap({ after: asGeneration(after) }).tap,
    );
    const read = taps.map(drain);
    await flush();
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await open.log.refresh();
    await flush();
    for (const [after, steps] of read.entries()) {
      const generations = generationsOf(steps);
      expect(generations.filter((g) => g > after)).toEqual(await rest(after));
      expect(generations[0] ?? 0).toBeLessThanOrEqual(after + 1);
      expect(taps[after]?.state).toEqual(run.log.state);
    }
  });

  test('that the log does not have yet begins at its end', async () => {
    const run = await writePairs(1);
    const { tap } = run.tap({ after: generationAfter(run.log.generation) });
    expect(tap.state).toBe(run.log.state);
    expect(tap.isCaughtUp).toBe(true);
  });

  test('rejects if the event is not kept any more, rather than leave a gap', async () => {
    const run = await writePairs(2);
    const gone = new Set([2]);
    const read = fleet.storage.memory.readRecords.bind(fleet.storage.memory);
    fleet.storage.memory.readRecords = async function* (key, from) {
      for await (const record of read(key, from)) {
        if (!gone.has(record.slot.generation)) yield record;
      }
    };
    fleet.storage.memory.findRecord = async () => undefined;
    const { tap } = run.tap({ after: asGeneration(3) });
    await expect(tap.next()).rejects.toMatchObject({ code: 'expired' });
    const whole = run.tap({ after: asGeneration(0) }).tap;
    const seen = [await whole.next(), await whole.next()];
    expect(generationsOf(seen.filter((step) => step !== undefined))).toEqual([1]);
    await expect(whole.next()).rejects.toMatchObject({ code: 'expired' });
  });

  test('[I8] keeps no more events in memory than the taps want', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const slow = run.tap({ maxEvents: 3 });
    for (let n = 0; n < 9; n += 1) await say(run.log, 'run-a', chunkOf('a', 'x'));
    const before = fleet.storage.reads;
    const steps = drain(slow.tap);
    await flush();
    expect(generationsOf(steps)).toEqual(await rest(1));
    expect(fleet.storage.reads).toBe(before + 1);
    // It has caught up, and needs the log no more.
    await say(run.log, 'run-a', chunkOf('a', 'x'));
    await flush();
    expect(generationsOf(steps)).toEqual(await rest(1));
    expect(fleet.storage.reads).toBe(before + 1);
  });
});

test('[I1] the Task at a generation is the fold up to there', async () => {
  const run = await openRun(writer);
  await say(run.log, 'run-a', taskOf(WORKING));
  await Promise.all(['1', '2', '3'].map((id) => say(run.log, 'run-a', chunkOf(id, 'x'))));
  for (const generation of [1, 2, 3, 4]) {
    const task = await taskAt(fleet.storage, KEY, asGeneration(generation), fleet.clock);
    expect(task?.artifacts).toHaveLength(generation - 1);
  }
  expect(await taskAt(fleet.storage, KEY, asGeneration(5), fleet.clock)).toBeUndefined();
});

test('[I1] the Task at a generation is undefined, not incomplete, once records are missing', async () => {
  const run = await openRun(writer);
  await say(run.log, 'run-a', taskOf(WORKING));
  await say(run.log, 'run-a', chunkOf('1', 'x'));
  await say(run.log, 'run-a', taskOf(WORKING));
  await say(run.log, 'run-a', chunkOf('2', 'x'));
  expect((await taskAt(fleet.storage, KEY, asGeneration(4), fleet.clock))?.artifacts).toHaveLength(
    2,
  );
  const expiring = withoutFirst(fleet.storage, 3);
  expect(await taskAt(expiring, KEY, asGeneration(4), fleet.clock)).toBeUndefined();
});

/** The storage when the first `count` records of a log have expired. */
function withoutFirst(storage: LogStorage, count: number): LogStorage {
  const readRecords = async function* (...read: Parameters<LogStorage['readRecords']>) {
    let left = count;
    for await (const record of storage.readRecords(...read)) if (left-- <= 0) yield record;
  };
  return Object.assign(Object.create(storage), { readRecords });
}
