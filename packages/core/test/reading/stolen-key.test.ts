import { flush } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { proposeCancel, proposeFence } from '../../src/model/proposal.ts';
import { countEvents, type LogRecord } from '../../src/model/record.ts';
import { nextSlot } from '../../src/model/slot.ts';
import { EMPTY_STATE } from '../../src/model/state.ts';
import { authorOf, say } from '../fixtures/author.ts';
import {
  CANCELED,
  COMPLETED,
  chunkOf,
  KEY,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import {
  drain,
  generationsOf,
  type OpenedTap,
  OpenLogsFleet,
  openRun,
  openTap,
  type Peer,
} from '../fixtures/open-logs-fleet.ts';
import { recordAt } from '../fixtures/records.ts';

let fleet: OpenLogsFleet;
let writer: Peer;
let reader: Peer;
let opened: OpenedTap;

beforeEach(async () => {
  fleet = new OpenLogsFleet();
  writer = await fleet.peer('a');
  reader = await fleet.peer('b');
});

/** A message to `peer` with a record, at the end of its log, that no table holds. */
async function forge(peer: Peer, ...events: TaskEvent[]): Promise<LogRecord> {
  const open = peer.logs.acquire(KEY);
  const slot = open.log.state.next;
  peer.logs.release(open);
  const entries = events.map((event) => ({ kind: 'event' as const, event }));
  const record = recordAt(slot, entries);
  const next = nextSlot(slot, countEvents(record.entries));
  await fleet.sendForged(peer, { kind: 'record', key: KEY, next, record });
  await flush();
  return record;
}

const stored = async (): Promise<readonly LogRecord[]> => (await fleet.storage.loaded(KEY)).records;
const bodies = async (): Promise<string> => (await stored()).map(({ body }) => body).join();

/** A task that a runs, and b follows. */
async function follow() {
  const run = await openRun(writer);
  opened = await openTap(reader);
  await flush();
  await say(run.log, 'run-a', taskOf(WORKING));
  await flush();
  return run;
}

describe('[I2] a forged record that a message brought', () => {
  test('enters no log, whatever its reader appends: it is compared with the table first', async () => {
    await follow();
    await forge(reader, chunkOf('1', 'forged'));
    expect(opened.open.log.isConfirmed).toBe(false);
    const outcome = await opened.open.log.append(proposeCancel(authorOf('b'), 'cancel-1'));
    expect(outcome).toMatchObject({ appended: { cancelRequested: true } });
    expect(await bodies()).not.toContain('forged');
    // No gap: the appended record is at the slot after the last stored one.
    const fresh = (await fleet.peer('c')).logs.acquire(KEY);
    await fresh.log.refresh();
    expect(fresh.log.state.cancelRequested).toBe(true);
    expect(opened.open.log.state).toEqual(fresh.log.state);
    expect(opened.open.log.task()).toEqual(fresh.log.task());
    expect(reader.logs.diverged).toBe(1);
    expect(fleet.logged).toContain('log.diverged');
  });

  test('ends the taps that delivered it with an error, and later taps go on', async () => {
    const run = await follow();
    const { tap } = opened;
    await tap.next();
    await forge(reader, chunkOf('1', 'forged'));
    const seen = await tap.next();
    expect(JSON.stringify(seen?.record.body)).toContain('forged');
    const waiting = tap.next();
    await opened.open.log.refresh();
    await expect(waiting).rejects.toMatchObject({ code: 'diverged' });
    await expect(tap.next()).rejects.toMatchObject({ code: 'diverged' });
    const steps = drain((await openTap(reader)).tap);
    await say(run.log, 'run-a', chunkOf('1', 'true'));
    await flush();
    expect(generationsOf(steps)).toEqual([2]);
  });

  test('disappears with a refresh, which compares records from doorbells with the table', async () => {
    await follow();
    await forge(reader, chunkOf('1', 'forged'), statusOf(WORKING));
    await opened.open.log.refresh();
    expect(JSON.stringify(opened.open.log.task())).not.toContain('forged');
    expect(opened.open.log.generation).toBe(1);
  });

  test('that ends the task ends no stream and no run: ends are read from the table', async () => {
    const run = await follow();
    for (const peer of [reader, writer]) {
      await forge(peer, statusOf(COMPLETED));
      await forge(peer, statusOf(CANCELED));
    }
    expect(opened.open.log.state.sealed).toBe(false);
    expect(run.log.state.sealed).toBe(false);
    await say(run.log, 'run-a', statusOf(COMPLETED));
    await flush();
    expect(opened.open.log.state).toEqual(run.log.state);
  });

  test('is never taken where a run is open', async () => {
    await follow();
    const open = writer.logs.acquire(KEY);
    open.addRun();
    const { state } = open.log;
    await forge(writer, chunkOf('1', 'forged'));
    expect(open.log.state).toBe(state);
  });

  test('is written into no head', async () => {
    await follow();
    await forge(reader, statusOf(WORKING, message('forged')));
    expect(opened.open.log.isConfirmed).toBe(false);
    await opened.open.head.flush();
    const { head } = await fleet.storage.loaded(KEY);
    expect(head?.slot).toEqual(opened.open.log.state.status?.slot);
    expect(head?.slot).toEqual((await stored()).at(-1)?.slot);
    expect(reader.logs.diverged).toBe(1);
  });

  test('with the id of a stored one and other content is detected, too', async () => {
    const run = await follow();
    const held: (() => void)[] = [];
    writer.fanout.network = (send) => held.push(send);
    await say(run.log, 'run-a', chunkOf('1', 'true'));
    const record = (await stored()).at(-1);
    if (!record) throw new Error('Nothing is stored.');
    const forged = { ...record, body: record.body.replace('true', 'lie!') };
    const next = run.log.state.next;
    await fleet.sendForged(reader, { kind: 'record', key: KEY, next, record: forged });
    await flush();
    expect(JSON.stringify(opened.open.log.task())).toContain('lie!');
    await opened.open.log.refresh();
    expect(JSON.stringify(opened.open.log.task())).not.toContain('lie!');
    expect(reader.logs.diverged).toBe(1);
  });

  test('between true ones is detected by the next append, and no record is lost', async () => {
    const run = await follow();
    await say(run.log, 'run-a', chunkOf('1', 'one '));
    await flush();
    await forge(reader, chunkOf('1', 'forged'));
    for (const text of ['two ', 'three ']) await say(run.log, 'run-a', chunkOf('1', text));
    await flush();
    await opened.open.log.append(proposeFence(authorOf('b'), 'a'));
    expect(opened.open.log.state.sealed).toBe(true);
    expect(await bodies()).not.toContain('forged');
    await run.log.refresh();
    expect(opened.open.log.task()).toEqual(run.log.task());
    expect(opened.open.log.state).toEqual(run.log.state);
  });

  test('is not taken at all if content must not leave the table', async () => {
    const shy = await fleet.peer('s', false);
    await openRun(writer);
    const { open } = await openTap(shy);
    await forge(shy, taskOf(WORKING));
    expect(open.log.state.hasTask).toBe(false);
  });

  test('does not prevent appends once the table can be read again', async () => {
    await follow();
    await forge(reader, chunkOf('1', 'forged'));
    fleet.storage.onRead = () => Promise.reject(new Error('no answer'));
    const done = opened.open.log.append(proposeCancel(authorOf('b'), 'cancel-1'));
    await fleet.clock.advance(5_000);
    expect(await bodies()).not.toContain('cancel-1');
    fleet.storage.onRead = (call) => call();
    await fleet.clock.advance(60_000);
    expect(await done).toMatchObject({ appended: { cancelRequested: true } });
  });
});

describe('[I2] true records that messages brought', () => {
  test('cost one read before an append, and no read on other instances', async () => {
    const run = await follow();
    for (let n = 0; n < 100; n += 1) await say(run.log, 'run-a', chunkOf('1', String(n)));
    await flush();
    expect(opened.open.log.isConfirmed).toBe(false);
    const before = fleet.storage.reads;
    await opened.open.log.append(proposeCancel(authorOf('b'), 'cancel-1'));
    await flush();
    // One for the append; the other by the run, which learns of the cancel.
    expect(fleet.storage.reads).toBe(before + 2);
    expect(reader.logs.diverged).toBe(0);
    expect(opened.open.log.isConfirmed).toBe(true);
    expect(opened.open.log.state).not.toEqual(EMPTY_STATE);
  });

  test('a single writer reads nothing', async () => {
    const run = await openRun(writer);
    await openTap(reader);
    await say(run.log, 'run-a', taskOf(WORKING));
    await flush();
    const before = fleet.storage.reads;
    for (let n = 0; n < 1_000; n += 1) await say(run.log, 'run-a', chunkOf('1', String(n)));
    // The reader takes them from messages, too.
    await flush();
    expect(fleet.storage.reads).toBe(before);
  });
});
