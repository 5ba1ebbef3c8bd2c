import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Doorbell } from '../../src/doorbells/doorbell.ts';
import { encodeDoorbell } from '../../src/doorbells/doorbell-codec.ts';
import { CONFIRMED_MS, PROBE_MS } from '../../src/doorbells/doorbell-health.ts';
import { KEYS_RETRY_MS } from '../../src/doorbells/keyring.ts';
import { nextSlot, slotAt } from '../../src/model/slot.ts';
import { say } from '../fixtures/author.ts';
import { FLEET, sealOf } from '../fixtures/doorbells.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';
import { recordAt } from '../fixtures/records.ts';

const MINUTE = 60_000;

let fleet: OpenLogsFleet;
let writer: Peer;
let reader: Peer;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  reader = await fleet.peer('b');
});

/** The messages of a stranger: with its own key, with none, or as the previous release sent them. */
function forgeries(bell: Doorbell): string[] {
  const sealed = encodeDoorbell(bell, 1e6, sealOf(FLEET));
  const [, , json = ''] = /^\["([^"]*)","[^"]*",(.*)\]$/m.exec(sealed) ?? [];
  return [sealed, `{"v":3,"bells":[\n${json}\n]}`, `{"v":2,"bells":[${json}]}`, json, 'junk', ''];
}

describe('[I2] messages of strangers', () => {
  test('change nothing: no state, no watcher, no reading, nothing sent', async () => {
    const run = await openRun(writer);
    await say(run.log, 'run-a', taskOf(WORKING));
    const { open, tap } = await openTap(reader);
    const steps = drain(tap);
    await fleet.clock.advance(MINUTE);
    const before = {
      reads: fleet.storage.reads,
      state: open.log.state,
      sent: writer.fanout.published.length,
    };
    const next = open.log.state.next;
    const record = recordAt(next, [{ kind: 'event', event: chunkOf('1', 'forged') }]);
    const watch = { kind: 'watch', key: KEY, watch: 'w', on: true } as const;
    const bells: Doorbell[] = [
      { kind: 'record', key: KEY, next: nextSlot(next, 1), record },
      { kind: 'record', key: KEY, next: nextSlot(next, 9) },
      { ...watch, instance: 'x', next: slotAt(1) },
      { kind: 'gone', instance: 'b' },
    ];
    for (const text of bells.flatMap(forgeries)) {
      await fleet.sendAsStranger(['a', 'b'], text);
    }
    await flush();
    expect(open.log.state).toBe(before.state);
    expect(steps).toEqual([]);
    expect(fleet.storage.reads).toBe(before.reads);
    expect(writer.fanout.published.length).toBe(before.sent);
    expect(reader.logs.doorbells.unauthenticated).toBe(24);
    // The watch of b is still known, and no other.
    await say(run.log, 'run-a', chunkOf('1', 'true'));
    await flush();
    expect(writer.fanout.published.slice(before.sent).map(({ targets }) => targets)).toEqual([
      ['b'],
    ]);
    expect(generationsOf(steps)).toEqual([2]);
  });

  test('neither make a working doorbell look lost, nor a lost one look confirmed', async () => {
    await openTap(reader);
    await fleet.clock.advance(MINUTE);
    const ring = async (): Promise<void> => {
      const canary: Doorbell = { kind: 'canary', instance: 'b', at: fleet.clock.now() };
      for (const text of forgeries(canary)) await fleet.sendAsStranger(['b'], text);
      await fleet.sendAsStranger(['b'], '{"v":4}');
      await flush();
    };
    await ring();
    expect(reader.logs.doorbells.healthy).toBe(true);
    reader.fanout.network = () => {};
    for (let passed = 0; passed < CONFIRMED_MS + PROBE_MS; passed += 1_000) {
      await ring();
      await fleet.clock.advance(1_000);
    }
    expect(reader.logs.doorbells.healthy).toBe(false);
  });

  test('are not received again, and are logged once a minute', async () => {
    for (let n = 0; n < 120; n += 1) {
      await fleet.sendAsStranger(['b'], 'junk');
      await fleet.clock.advance(1_000);
    }
    expect(reader.fanout.stats().unreadable).toBe(0);
    expect(reader.logs.doorbells.unauthenticated).toBe(120);
    expect(fleet.logged.filter((event) => event === 'doorbell.unauthenticated')).toHaveLength(2);
  });

  test('with an unknown key cause a read of the keys, but not for each message', async () => {
    let reads = 0;
    const read = fleet.registry.doorbellKeys.bind(fleet.registry);
    fleet.registry.doorbellKeys = (candidate) => {
      reads += 1;
      return read(candidate);
    };
    const text = encodeDoorbell({ kind: 'gone', instance: 'b' }, 1e6, sealOf(FLEET));
    await fleet.clock.advance(MINUTE + 2 * KEYS_RETRY_MS);
    reads = 0;
    for (let n = 0; n < 100; n += 1) await fleet.sendAsStranger(['b'], text);
    await flush();
    expect(reads).toBe(1);
    await fleet.clock.advance(KEYS_RETRY_MS);
    for (let n = 0; n < 100; n += 1) await fleet.sendAsStranger(['b'], text);
    await flush();
    expect(reads).toBe(2);
  });
});
