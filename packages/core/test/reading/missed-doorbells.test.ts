import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Doorbell } from '../../src/doorbells/doorbell.ts';
import { PROBE_MS } from '../../src/doorbells/doorbell-health.ts';
import { sleep } from '../../src/ports/clock.ts';
import { READ_MS, TICK_MS } from '../../src/reading/pacing.ts';
import { say } from '../fixtures/author.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  messageOf,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** No event comes later than this after an outage began, or than {@link LATE_MS} after itself. */
const NOTICED_MS = 15_000;
const LATE_MS = 1_000;
const MINUTE = 60_000;

let fleet: OpenLogsFleet;
let writer: Peer;
let reader: Peer;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  reader = await fleet.peer('b');
});

const canaryOf = (instance: string, at: number): Doorbell => ({ kind: 'canary', instance, at });

const setNetwork = (network: Peer['fanout']['network']): void => {
  for (const { fanout } of [writer, reader]) fanout.network = network;
};

/** When each event was written and when a tap on the other instance gave it, by its generation. */
async function watchEvents(): Promise<{
  said: number[];
  came: number[];
  say: () => Promise<void>;
}> {
  const run = await openRun(writer);
  const said: number[] = [];
  const came: number[] = [];
  await say(run.log, 'run-a', taskOf(WORKING));
  const { tap } = await openTap(reader);
  void (async () => {
    for (let step = await tap.next(); step; step = await tap.next()) {
      for (const { generation } of step.deliveries) came[generation] = fleet.clock.now();
    }
  })();
  const write = async (): Promise<void> => {
    await say(run.log, 'run-a', chunkOf('a', 'x', { append: true }));
    said[run.log.generation] = fleet.clock.now();
  };
  return { said, came, say: write };
}

describe('with everything healthy', () => {
  test('an idle log with open taps is read four times a minute at most, however many they are', async () => {
    await openRun(writer);
    for (let n = 0; n < 20; n += 1) await openTap(reader);
    await writer.logs.stop();
    await fleet.clock.advance(MINUTE);
    const before = fleet.storage.reads;
    await fleet.clock.advance(10 * MINUTE);
    expect(fleet.storage.reads - before).toBeLessThanOrEqual(40);
    expect(fleet.storage.reads - before).toBeGreaterThanOrEqual(38);
  });

  test('a log that is not open is not read, and no timer runs', async () => {
    const opened = await openTap(reader);
    await fleet.clock.advance(MINUTE);
    opened.close();
    await fleet.clock.advance(MINUTE);
    const before = fleet.storage.reads;
    await fleet.clock.advance(MINUTE);
    expect(fleet.storage.reads).toBe(before);
    // Except those of the two instances, which read their keys once a minute.
    expect(fleet.clock.pending).toBe(2);
  });
});

describe('[I6] an outage of the doorbell', () => {
  test.each([0, 1_300, 2_700, 4_100, 5_900, 7_700, 9_900, 11_300, 13_100, 14_900])(
    'that begins %i ms later is noticed within 15 s, and from then on costs a second',
    async (offset) => {
      const events = await watchEvents();
      await fleet.clock.advance(MINUTE + offset);
      expect(reader.logs.doorbells.healthy).toBe(true);
      setNetwork(() => {});
      const began = fleet.clock.now();
      const written = (async () => {
        for (let n = 0; n < 240; n += 1) {
          await sleep(fleet.clock, 137);
          await events.say();
        }
      })();
      await fleet.clock.advance(240 * 137 + 2 * LATE_MS);
      await written;
      expect(events.said.filter(Boolean)).toHaveLength(240);
      for (const [generation, said] of events.said.entries()) {
        if (said === undefined) continue;
        const latest = Math.max(began + NOTICED_MS, said + LATE_MS);
        expect(events.came[generation], `generation ${generation}`).toBeLessThanOrEqual(latest);
      }
    },
  );

  test('has no effect after its end: the last event before it arrives within a second', async () => {
    // The next step may be a probe or a read.
    for (let phase = 0; phase < 3 * PROBE_MS; phase += 130) {
      fleet = new OpenLogsFleet();
      writer = await fleet.peer('a');
      reader = await fleet.peer('b');
      const events = await watchEvents();
      await fleet.clock.advance(MINUTE);
      setNetwork(() => {});
      await fleet.clock.advance(20_000 + phase);
      await events.say();
      const said = fleet.clock.now();
      await fleet.clock.advance(1);
      setNetwork((send) => send());
      await fleet.clock.advance(10_000);
      expect(events.came.at(-1)).toBeLessThanOrEqual(said + LATE_MS);
      expect(reader.logs.doorbells.healthy).toBe(true);
    }
  });

  test.each<[string, (peer: Peer) => string]>([
    ['what is not authentic', () => 'junk'],
    ['what nobody can read', (peer) => messageOf(peer, 'junk')],
    ['an old ring of its own', (peer) => messageOf(peer, canaryOf('b', 1_700_000_060_000))],
    ['fresh rings of another', (peer) => messageOf(peer, canaryOf('a', fleet.clock.now()))],
  ])('is not hidden by %s, which the queue gives again and again', async (_, textOf) => {
    const events = await watchEvents();
    await fleet.clock.advance(MINUTE);
    const texts = new Set<string>();
    setNetwork((send, _target, message) => {
      if (texts.has(message)) send();
    });
    reader.fanout.network = () => {};
    for (let n = 0; n < 8; n += 1) {
      const text = textOf(reader);
      texts.add(text);
      await writer.fanout.publish(['b'], text);
      await fleet.clock.advance(2_000);
    }
    expect(reader.logs.doorbells.healthy).toBe(false);
    await events.say();
    await fleet.clock.advance(LATE_MS);
    expect(events.came.at(-1)).toBeLessThanOrEqual((events.said.at(-1) ?? 0) + LATE_MS);
  });

  test('that makes polls fail is noticed at once', async () => {
    const events = await watchEvents();
    await fleet.clock.advance(MINUTE);
    setNetwork(() => {});
    reader.fanout.isHealthy = false;
    const said = fleet.clock.now();
    await events.say();
    expect(reader.logs.doorbells.healthy).toBe(false);
    await fleet.clock.advance(LATE_MS);
    expect(events.came.at(-1)).toBeLessThanOrEqual(said + LATE_MS);
  });

  test('is not confused with doorbells of another release: then the log is read', async () => {
    const events = await watchEvents();
    await fleet.clock.advance(MINUTE);
    setNetwork(() => {});
    const said = fleet.clock.now();
    await events.say();
    setNetwork((send) => send());
    await writer.fanout.publish(['b'], messageOf(writer, '{"kind":"later"}'));
    await fleet.clock.advance(LATE_MS);
    expect(reader.logs.doorbells.ignored).toBe(1);
    expect(events.came.at(-1)).toBeLessThanOrEqual(said + LATE_MS);
  });

  test('[I8] makes many logs be read in parallel, and one without an answer holds up no other', async () => {
    setNetwork(() => {});
    const keys = Array.from({ length: 200 }, (_, n) => ({ ...KEY, taskId: `task-${n}` }));
    const opened = [];
    for (const key of keys) opened.push(await openTap(reader, key));
    await fleet.clock.advance(READ_MS);
    let stuck = 0;
    fleet.storage.onRead = (call) => {
      if (stuck > 0) return call();
      stuck += 1;
      return new Promise(() => {});
    };
    await fleet.clock.advance(LATE_MS);
    const before = fleet.storage.reads;
    await fleet.clock.advance(4 * LATE_MS);
    expect(stuck).toBe(1);
    // Every other log, once a second and not much more often.
    expect(fleet.storage.reads - before).toBeGreaterThanOrEqual(4 * 199);
    expect(fleet.storage.reads - before).toBeLessThanOrEqual(6 * 199);
    for (const one of opened) one.close();
    await flush();
    await fleet.clock.advance(TICK_MS);
  });
});
