import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  CONFIRMED_MS,
  IDLE_PROBE_MS,
  PROBE_MS,
  RECOVERY_MS,
} from '../../src/doorbells/doorbell-health.ts';
import { slotAt } from '../../src/model/slot.ts';
import { READ_MS, READ_UNCONFIRMED_MS, TICK_MS } from '../../src/reading/pacing.ts';
import { say } from '../fixtures/author.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  messageOf,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';

let fleet: OpenLogsFleet;
let writer: Peer;
let reader: Peer;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  reader = await fleet.peer('b');
});

const isCanary = (message: string): boolean => message.includes('"kind":"canary"');

describe('doorbells', () => {
  test('[I8] are not sent if no other instance is interested', async () => {
    const run = await openRun(writer);
    await openTap(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(writer.fanout.sentTo).toEqual([]);
  });

  test('[I6] go to the watchers and to the instances of open runs, and to no others', async () => {
    await fleet.peer('d');
    const other = await fleet.peer('c');
    await openTap(reader);
    await openRun(other);
    const run = await openRun(writer);
    await flush();
    writer.fanout.published.length = 0;
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(writer.fanout.published.map(({ targets }) => targets.toSorted())).toEqual([['b', 'c']]);
  });

  test('[I6] reach a tap that was opened after the run', async () => {
    const run = await openRun(writer);
    const { tap } = await openTap(reader);
    const steps = drain(tap);
    await flush();
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(writer.fanout.sentTo).toEqual(['b']);
    expect(generationsOf(steps)).toEqual([1]);
  });

  test('[I6] reach a tap for records that were written before its watch was known', async () => {
    const run = await openRun(writer);
    // A reader whose doorbell is confirmed, so it reads seldom.
    await openTap(reader, { ...KEY, taskId: 'another' });
    await fleet.clock.advance(60_000);
    const held: (() => void)[] = [];
    reader.fanout.network = (send) => held.push(send);
    const steps = drain((await openTap(reader)).tap);
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    reader.fanout.network = (send) => send();
    for (const send of held) send();
    await flush();
    expect(generationsOf(steps)).toEqual([1]);
  });

  test('[I7] are no longer sent to a tap that was closed', async () => {
    const run = await openRun(writer);
    const opened = await openTap(reader);
    await flush();
    opened.close();
    await flush();
    writer.fanout.published.length = 0;
    await say(run.log, 'run-a', taskOf(WORKING));
    expect(writer.fanout.sentTo).toEqual([]);
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
  });

  test('[I7] are no longer sent to an instance that was reported as gone', async () => {
    const other = await fleet.peer('c');
    const run = await openRun(writer);
    await openTap(reader);
    await openTap(other);
    await flush();
    // It dies, so its watch is not taken back.
    other.logs.notifyGone('b', ['a']);
    await flush();
    writer.fanout.published.length = 0;
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    expect(writer.fanout.sentTo).toEqual(['c']);
  });

  test('[I1] that arrive before earlier ones make the reader read the log', async () => {
    const { tap, open } = await openTap(reader);
    const run = await openRun(writer);
    await flush();
    const held: (() => void)[] = [];
    writer.fanout.network = (send) => held.push(send);
    await say(run.log, 'run-a', taskOf(WORKING));
    await say(run.log, 'run-a', chunkOf('1', 'x'));
    const steps = drain(tap);
    await flush();
    held[1]?.();
    await flush();
    expect(generationsOf(steps)).toEqual([1, 2]);
    expect(open.log.state).toEqual(run.log.state);
  });

  test('[I9] of another tenant or owner with the same task id change nothing', async () => {
    const { open } = await openTap(reader);
    const run = await openRun(writer, { ...KEY, tenant: 'other' });
    await say(run.log, 'run-a', taskOf(WORKING));
    const [record] = (await fleet.storage.loaded({ ...KEY, tenant: 'other' })).records;
    const next = slotAt(5);
    for (const key of [
      { ...KEY, tenant: 'other' },
      { ...KEY, owner: 'other' },
    ]) {
      await writer.fanout.publish(['b'], messageOf(writer, { kind: 'record', key, next, record }));
    }
    await flush();
    expect(open.log.state.next).toEqual(slotAt(1));
  });

  test('contain no content if it must not leave the table, and are as fast', async () => {
    const shy = await fleet.peer('s', false);
    const run = await openRun(shy);
    const { tap, open } = await openTap(reader);
    const steps = drain(tap);
    await flush();
    const before = fleet.storage.reads;
    await say(run.log, 'run-s', chunkOf('1', 'secret'), 's');
    await flush();
    // The Task event that goes before the first chunk is in the same record.
    expect(generationsOf(steps)).toEqual([1, 2]);
    expect(fleet.storage.reads).toBeGreaterThan(before);
    expect(open.log.state).toEqual(run.log.state);
    expect(shy.fanout.sentTo).toEqual(['b']);
    expect(JSON.stringify(shy.fanout.published)).not.toContain('secret');
  });

  test('that are authentic but unreadable are counted and disturb nothing', async () => {
    for (const text of ['null', '{', '{"kind":"later"}', '{"kind":"gone"}']) {
      await writer.fanout.publish(['b'], messageOf(writer, text));
    }
    await flush();
    // An unknown kind may mean something to others; a malformed one goes to the dead-letter queue.
    expect(reader.logs.doorbells.ignored).toBe(1);
    expect(reader.logs.doorbells.unauthenticated).toBe(0);
    expect(reader.fanout.stats().unreadable).toBe(3);
  });
});

describe('without doorbells', () => {
  const silence = (): void => {
    for (const { fanout } of [writer, reader]) fanout.network = () => {};
  };

  test('[I6] a tap gets a record within the interval of an unconfirmed doorbell', async () => {
    silence();
    const run = await openRun(writer);
    const steps = drain((await openTap(reader)).tap);
    await fleet.clock.advance(60_000);
    await say(run.log, 'run-a', taskOf(WORKING));
    await fleet.clock.advance(READ_UNCONFIRMED_MS + TICK_MS);
    expect(generationsOf(steps)).toEqual([1]);
  });

  test('[I6] a tap gets a record within the interval of a confirmed doorbell', async () => {
    const run = await openRun(writer);
    const steps = drain((await openTap(reader)).tap);
    await fleet.clock.advance(60_000);
    expect(reader.logs.doorbells.healthy).toBe(true);
    writer.fanout.network = () => {};
    await say(run.log, 'run-a', taskOf(WORKING));
    await fleet.clock.advance(READ_MS + TICK_MS);
    expect(generationsOf(steps)).toEqual([1]);
  });

  test('[I6] a run learns of a cancel request', async () => {
    silence();
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const other = reader.logs.acquire(KEY);
    await other.log.refresh();
    await other.log.append(() => ({
      entries: [{ entry: { kind: 'cancel', by: 'x' }, text: '{"k":"cancel","r":"x"}', bytes: 1 }],
    }));
    await fleet.clock.advance(READ_MS + TICK_MS);
    expect(run.log.state.cancelRequested).toBe(true);
  });

  test('[I6] [I8] each of many taps gets its record, not only the first', async () => {
    silence();
    const keys = Array.from({ length: 100 }, (_, n) => ({ ...KEY, taskId: `task-${n}` }));
    const taps = [];
    for (const key of keys) {
      const run = await openRun(writer, key);
      taps.push({ run, steps: drain((await openTap(reader, key)).tap) });
    }
    await fleet.clock.advance(10_000);
    for (const { run } of taps) await say(run.log, 'run-a', taskOf(WORKING));
    // Generous: 100 logs at 16 per half a second are read in less than four.
    await fleet.clock.advance(60_000);
    const waiting = taps.filter(({ steps }) => steps.length === 0).length;
    expect(waiting).toBe(0);
  });

  test('[I6] a reader that found a record announces its watch again, and gets doorbells', async () => {
    const run = await openRun(writer);
    reader.fanout.network = (send, _, message) => {
      if (isCanary(message)) send();
    };
    const steps = drain((await openTap(reader)).tap);
    reader.fanout.network = (send) => send();
    await say(run.log, 'run-a', taskOf(WORKING));
    await fleet.clock.advance(READ_MS + TICK_MS);
    expect(generationsOf(steps)).toEqual([1]);
    writer.fanout.published.length = 0;
    await say(run.log, 'run-a', chunkOf('1', 'x'));
    expect(writer.fanout.sentTo).toEqual(['b']);
  });

  test('[I6] a failed read is repeated', async () => {
    silence();
    const run = await openRun(writer);
    const steps = drain((await openTap(reader)).tap);
    await say(run.log, 'run-a', taskOf(WORKING));
    fleet.storage.onRead = () => Promise.reject(new Error('no answer'));
    await fleet.clock.advance(10_000);
    expect(steps).toEqual([]);
    fleet.storage.onRead = (call) => call();
    await fleet.clock.advance(READ_UNCONFIRMED_MS + TICK_MS);
    expect(generationsOf(steps)).toEqual([1]);
  });
});

describe('the probe', () => {
  test('is sent seldom while no tap is open', async () => {
    await fleet.clock.advance(60_000);
    expect(writer.fanout.probes).toBe(0);
    expect(writer.logs.doorbells.healthy).toBe(false);
    const probe = async (): Promise<void> => {
      writer.logs.doorbells.probe();
      await fleet.clock.advance(1_000);
    };
    for (let second = 0; second < 4 * (IDLE_PROBE_MS / 1_000); second += 1) await probe();
    expect(writer.fanout.probes).toBe(4);
    expect(writer.logs.doorbells.healthy).toBe(true);
    expect(writer.logs.doorbells.lagMs).toBeUndefined();
  });

  test('that does not arrive is soon followed by others, until one does', async () => {
    const probeFor = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 1_000) {
        writer.logs.doorbells.probe();
        await fleet.clock.advance(1_000);
      }
    };
    await probeFor(2 * IDLE_PROBE_MS);
    writer.fanout.network = () => {};
    await probeFor(IDLE_PROBE_MS + CONFIRMED_MS);
    expect(writer.logs.doorbells.healthy).toBe(false);
    expect(writer.logs.doorbells.view).toMatchObject({ isLost: false, isReceiving: false });
    expect(writer.logs.doorbells.view?.silentMs).toBeGreaterThanOrEqual(CONFIRMED_MS);
    writer.fanout.network = (send) => send();
    await probeFor(2 * PROBE_MS);
    expect(writer.logs.doorbells.view).toEqual({ isLost: false, isReceiving: true, silentMs: 0 });
  });

  test('that the transport does not take is no fact about the doorbell', async () => {
    writer.fanout.publish = async () => false;
    for (let second = 0; second < 120; second += 1) {
      writer.logs.doorbells.probe();
      await fleet.clock.advance(1_000);
    }
    expect(writer.logs.doorbells.view).toEqual({ isLost: false, isReceiving: false, silentMs: 0 });
  });

  test('is sent often while a tap is open, and confirms the doorbell', async () => {
    const opened = await openTap(reader);
    expect(reader.logs.doorbells.healthy).toBe(false);
    await fleet.clock.advance(10 * PROBE_MS);
    expect(reader.fanout.probes).toBeGreaterThanOrEqual(9);
    expect(reader.fanout.probes).toBeLessThanOrEqual(11);
    expect(reader.fanout.published.every(({ targets }) => targets.join() === 'b')).toBe(true);
    expect(reader.logs.doorbells.healthy).toBe(true);
    opened.close();
    await flush();
    const sent = reader.fanout.probes;
    await fleet.clock.advance(60_000);
    expect(reader.fanout.probes).toBe(sent);
  });

  test('that does not arrive shows that the doorbell is lost', async () => {
    await openTap(reader);
    await fleet.clock.advance(2 * PROBE_MS);
    reader.fanout.network = () => {};
    await fleet.clock.advance(CONFIRMED_MS + TICK_MS);
    expect(reader.logs.doorbells.healthy).toBe(false);
    reader.fanout.network = (send) => send();
    await fleet.clock.advance(PROBE_MS + TICK_MS);
    // Records whose doorbells were given up before must still be read.
    expect(reader.logs.doorbells.healthy).toBe(false);
    await fleet.clock.advance(RECOVERY_MS);
    expect(reader.logs.doorbells.healthy).toBe(true);
  });
});

describe('open logs', () => {
  test('are shared while they are used, and forgotten afterwards', async () => {
    const [one, other] = [writer.logs.acquire(KEY), writer.logs.acquire({ ...KEY })];
    expect(one).toBe(other);
    writer.logs.release(one);
    expect(writer.logs.openLogs).toBe(1);
    writer.logs.release(other);
    expect(writer.logs.openLogs).toBe(0);
    expect(writer.logs.acquire(KEY)).not.toBe(one);
  });

  test('[I7] hold neither a watch nor a user after a follow that fails', async () => {
    fleet.storage.onRead = () => Promise.reject(new Error('no answer'));
    await expect(reader.logs.follow(KEY)).rejects.toThrow('no answer');
    await flush();
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(reader.logs.openLogs).toBe(0);
  });

  test('[I7] are released once, however often a follower releases them', async () => {
    const { release } = await reader.logs.follow(KEY);
    const other = await reader.logs.follow(KEY);
    release();
    release();
    await flush();
    expect(await fleet.registry.watchers(KEY)).toHaveLength(1);
    expect(reader.logs.openLogs).toBe(1);
    other.release();
    await flush();
    expect(await fleet.registry.watchers(KEY)).toEqual([]);
    expect(reader.logs.openLogs).toBe(0);
  });

  test('[I7] are not read any more after stop', async () => {
    await openTap(reader);
    await reader.logs.stop();
    const before = fleet.storage.reads;
    await fleet.clock.advance(60_000);
    expect(fleet.storage.reads).toBe(before);
  });
});
