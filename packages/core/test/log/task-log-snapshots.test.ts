import { flush, Gate } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AppliedRecord } from '../../src/model/fold.ts';
import { say } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';
import { taskLog } from '../fixtures/task-logs.ts';

const CHUNK = 'x'.repeat(100_000);

let fleet: OpenLogsFleet;
let writer: Peer;
let run: Awaited<ReturnType<typeof openRun>>;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  run = await openRun(writer);
  await say(run.log, 'run-a', taskOf(WORKING));
  await replace(25);
});

/** Replaces one artifact again and again: that makes a snapshot pay. */
const replace = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) {
    await say(run.log, 'run-a', chunkOf('a', CHUNK));
    await flush();
  }
};

const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

describe('a log with a snapshot', () => {
  test('is opened from it, and continues like every other handle', async () => {
    const { snapshot, records } = await fleet.storage.loaded(KEY);
    expect(snapshot).toBeDefined();
    expect(records.length).toBeLessThan((await fleet.storage.records(KEY)).length);
    const fresh = taskLog(fleet.storage, fleet.clock, 'b');
    await fresh.refresh();
    expect(fresh.state).toEqual(run.log.state);
    expect(fresh.task()).toEqual(run.log.task());
    expect(fresh.generation).toBe(run.log.generation);
    await say(run.log, 'run-a', chunkOf('b', 'more'));
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await fresh.refresh();
    expect(fresh.state).toEqual(run.log.state);
    expect(fresh.task()).toEqual(run.log.task());
  });

  test('[I1] may be appended to by an instance that opened it from the snapshot', async () => {
    const fresh = taskLog(fleet.storage, fleet.clock, 'a');
    await fresh.refresh();
    expect(await say(fresh, 'run-a', chunkOf('b', 'more'))).toHaveProperty('appended');
    await run.log.refresh();
    expect(run.log.state).toEqual(fresh.state);
  });

  test('[I3] gives a tap that follows it every record after its place once', async () => {
    const reader = await fleet.peer('b');
    const { tap, from } = await openTap(reader);
    expect(from).toBe(run.log.generation);
    const steps = drain(tap);
    await replace(15);
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await flush();
    expect(generationsOf(steps)).toEqual(upTo(run.log.generation).slice(from));
  });

  test('is written by its writers; readers of it write nothing', async () => {
    const reader = await fleet.peer('b');
    drain((await openTap(reader)).tap);
    await replace(35);
    await flush();
    const written = fleet.storage.snapshots.length;
    // The reader has read megabytes since, and reads the log again and again.
    await fleet.clock.advance(60_000);
    expect(reader.logs.taps).toBe(1);
    expect(fleet.storage.snapshots).toHaveLength(written);
  });

  test('[I3] gives a tap that was opened before it was read every record once', async () => {
    const reader = await fleet.peer('b');
    const open = reader.logs.acquire(KEY);
    const steps: AppliedRecord[] = drain(open.tap().tap);
    await open.log.refresh();
    await flush();
    await replace(2);
    await open.log.refresh();
    await flush();
    expect(generationsOf(steps)).toEqual(upTo(run.log.generation));
  });

  test('[I3] takes no record from doorbells during its first read, and loses none by that', async () => {
    const fresh = taskLog(fleet.storage, fleet.clock, 'b');
    const records = await fleet.storage.records(KEY);
    const held = new Gate();
    fleet.storage.onRead = async (call) => {
      const answer = await call();
      await held.opened;
      return answer;
    };
    const read = fresh.refresh();
    for (const record of records) expect(fresh.absorb(record)).toBe(false);
    await replace(1);
    held.open();
    await read;
    expect(fresh.generation).toBe(26);
    fleet.storage.onRead = (call) => call();
    await fresh.refresh();
    expect(fresh.state).toEqual(run.log.state);
    expect(fresh.task()).toEqual(run.log.task());
  });
});
