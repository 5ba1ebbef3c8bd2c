import { fanoutSuite } from '@a2a-aws/testkit';
import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { PollingFanout } from '../../src/doorbells/polling-fanout.ts';
import { POLL_LATE_MS, POLL_TICK_MS } from '../../src/reading/pacing.ts';
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

fanoutSuite('PollingFanout', { delivers: false }, async () => ({
  fanout: new PollingFanout(),
  dispose: async () => {},
}));

test('refuses to remove a queue that another fan-out has created', async () => {
  const fanout = new PollingFanout();
  await expect(fanout.teardown('a', { queueName: 'a' })).resolves.toBeUndefined();
  await expect(fanout.teardown('a', { queueUrl: 'there' })).rejects.toMatchObject({
    code: 'configuration',
  });
});

describe('without a transport', () => {
  const MINUTE = 60_000;
  let fleet: OpenLogsFleet;
  let writer: Peer;
  let reader: Peer;

  beforeEach(async () => {
    fleet = new OpenLogsFleet(new PollingFanout());
    writer = await fleet.peer('a');
    reader = await fleet.peer('b');
  });

  const reads = async (ms: number): Promise<number> => {
    const before = fleet.storage.reads;
    await fleet.clock.advance(ms);
    return fleet.storage.reads - before;
  };

  test('[I6] a tap gets every event within a second, and much sooner after news', async () => {
    const run = await openRun(writer);
    const steps = drain((await openTap(reader)).tap);
    await fleet.clock.advance(MINUTE);
    const late: number[] = [];
    for (let n = 1; n <= 20; n += 1) {
      await say(run.log, 'run-a', n === 1 ? taskOf(WORKING) : chunkOf('a', 'x', { append: true }));
      const said = fleet.clock.now();
      await fleet.clock.advanceUntil(() => generationsOf(steps).includes(n), 2_000, 10);
      late.push(fleet.clock.now() - said);
    }
    expect(late[0]).toBeLessThanOrEqual(1_000);
    expect(Math.max(...late.slice(1))).toBeLessThanOrEqual(2 * POLL_TICK_MS);
    expect(generationsOf(steps)).toEqual(late.map((_, index) => index + 1));
  });

  test('a tapped log is read at once, then less and less often, then once a second', async () => {
    await openTap(reader);
    expect(await reads(100)).toBeGreaterThanOrEqual(1);
    await fleet.clock.advance(10_000);
    const aMinute = await reads(MINUTE);
    expect(aMinute).toBeLessThanOrEqual(MINUTE / POLL_LATE_MS + 1);
    expect(aMinute).toBeGreaterThanOrEqual(MINUTE / 1_000 - 1);
  });

  test('without an open log there is no read and no timer', async () => {
    const opened = await openTap(reader);
    await fleet.clock.advance(MINUTE);
    opened.close();
    await fleet.clock.advance(MINUTE);
    expect(await reads(MINUTE)).toBe(0);
    expect(fleet.clock.pending).toBe(0);
  });

  test('the log of an ended task is not read, however many taps are still open', async () => {
    const run = await openRun(writer);
    await openTap(reader);
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await fleet.clock.advance(2_000);
    expect(await reads(MINUTE)).toBe(0);
  });

  test('[I6] a run without a reader learns of a cancel', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const other = reader.logs.acquire(KEY);
    await other.log.refresh();
    await other.log.append(() => ({
      entries: [{ entry: { kind: 'cancel', by: 'x' }, text: '{"k":"cancel","r":"x"}', bytes: 1 }],
    }));
    await fleet.clock.advance(1_000);
    expect(run.log.state.cancelRequested).toBe(true);
  });

  test('a watch is not announced, and the health of the doorbell is undefined', async () => {
    const run = await openRun(writer);
    const opened = await openTap(reader);
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(await fleet.registry.watches('b')).toEqual([]);
    expect(reader.logs.doorbells.healthy).toBeUndefined();
    opened.close();
    await flush();
    expect(reader.logs.openLogs).toBe(0);
  });
});
