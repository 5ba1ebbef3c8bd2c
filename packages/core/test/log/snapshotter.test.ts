import { flush, seededEntropy, TestClock } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Snapshotter } from '../../src/log/snapshotter.ts';
import type { TaskLog } from '../../src/log/task-log.ts';
import { taskHead } from '../../src/model/listed-task.ts';
import { proposeEnd } from '../../src/model/proposal.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { gate, lost, pass, WrappedStorage } from '../fixtures/wrapped-storage.ts';

// Megabytes: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const CHUNK = 'x'.repeat(100_000);

let clock: TestClock;
let storage: WrappedStorage;
let end: AbortController;
let log: TaskLog;
let upkeep: Snapshotter;

const fresh = async (): Promise<void> => {
  clock = new TestClock();
  storage = new WrappedStorage();
  end = new AbortController();
  log = taskLog(storage, clock);
  upkeep = upkeepOf(log);
  log.listen(() => upkeep.maybeSnapshot());
  await startRun(log, 'r');
  await say(log, 'r', taskOf(WORKING));
  const head = taskHead(log.key, log.state);
  if (head) await storage.putHead(log.key, head);
};

const upkeepOf = (subject: TaskLog, name = 'upkeep'): Snapshotter =>
  new Snapshotter(subject, {
    storage,
    clock,
    entropy: seededEntropy(name),
    logger: silentLogger,
    retentionMs: DEFAULT_RETENTION_MS,
    signal: end.signal,
  });

beforeEach(fresh);

/** Replaces one artifact again and again. */
const replace = async (times: number, text = CHUNK): Promise<void> => {
  for (let n = 0; n < times; n += 1) {
    await say(log, 'r', chunkOf('a', text));
    await flush();
  }
};

/** So many messages that are answered with a question, each with three records. */
const converse = async (messages: number): Promise<void> => {
  if (log.state.open.has('r')) await log.append(proposeEnd(authorOf('a'), 'r', true));
  const first = storage.puts.length;
  for (let n = first; n < first + messages; n += 1) {
    const run = `run-${n}`;
    await startRun(log, run);
    await say(log, run, statusOf(INPUT_REQUIRED));
    await log.append(proposeEnd(authorOf('a'), run, true));
  }
  await flush();
};

const written = (): number => storage.puts.reduce((sum, { body }) => sum + body.length, 0);
const snapshotted = (): number => storage.snapshots.reduce((sum, { text }) => sum + text.length, 0);

/** The fold of a reader that opens the log now. */
const reader = async (): Promise<TaskLog> => {
  const other = taskLog(storage, clock, 'b');
  await other.refresh();
  return other;
};

describe('a snapshot', () => {
  test('is not written of a log below a megabyte', async () => {
    await replace(9);
    expect(storage.snapshots).toEqual([]);
  });

  test('is not written of a task that only grows', async () => {
    for (let n = 0; n < 60; n += 1) await say(log, 'r', chunkOf('a', CHUNK, { append: n > 0 }));
    await flush();
    expect(storage.snapshots).toEqual([]);
  });

  test('is written when artifacts are replaced again and again: a reader reads little', async () => {
    await replace(35);
    expect(storage.snapshots.length).toBeGreaterThanOrEqual(2);
    const { snapshot, records } = await storage.loaded(log.key);
    const bytes = records.reduce((sum, { body }) => sum + body.length, snapshot?.text.length ?? 0);
    expect(bytes).toBeLessThan(1_500_000);
    const other = await reader();
    expect(other.state).toEqual(log.state);
    expect(other.task()).toEqual(log.task());
  });

  test('is written of a conversation of many short messages, and again when it has grown by half', async () => {
    await converse(700);
    const due = storage.snapshots.length;
    // Three records a message: with a thousand of them, and not with each record after.
    expect(due).toBeGreaterThan(0);
    expect(due).toBeLessThan(3);
    const { snapshot, records } = await storage.loaded(log.key);
    expect(snapshot).toBeDefined();
    expect(records.length).toBeLessThan(1_200);
    expect(written()).toBeLessThan(1024 * 1024);
    const other = await reader();
    expect(other.state).toEqual(log.state);
    expect(other.task()).toEqual(log.task());
    expect(other.tail.records).toBe(records.length);
    await converse(700);
    expect(storage.snapshots.length).toBeGreaterThan(due);
    expect(storage.snapshots.length).toBeLessThan(6);
    expect((await reader()).task()).toEqual(log.task());
  });

  test('never makes more than a quarter of the bytes of the events', async () => {
    const write = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      size: fc.integer({ min: 1, max: 150_000 }),
      append: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 20, maxLength: 60 }), async (writes) => {
        await fresh();
        for (const { id, size, append } of writes) {
          await say(log, 'r', chunkOf(id, 'x'.repeat(size), { append }));
        }
        await flush();
        expect(snapshotted()).toBeLessThanOrEqual(written() / 4);
        const other = await reader();
        expect(other.state).toEqual(log.state);
        expect(other.task()).toEqual(log.task());
      }),
      { numRuns: 15 },
    );
  });

  test('that is replaced is dropped five minutes later, because a reader may still need it', async () => {
    await replace(35);
    const obsolete = storage.snapshots.slice(0, -1).map(({ id }) => id);
    expect(obsolete.length).toBeGreaterThan(0);
    await clock.advance(5 * MINUTE - 1);
    expect(storage.dropped).toEqual([]);
    await clock.advance(1);
    expect(storage.dropped).toEqual(obsolete);
  });

  test('of a slower instance is dropped itself', async () => {
    // Folds records one by one: it has had the log open all along.
    const late = taskLog(storage, clock, 'b');
    await late.refresh();
    await replace(11);
    await late.refresh();
    await replace(1);
    const [first] = storage.snapshots;
    if (!first) throw new Error('a snapshot');
    upkeepOf(late, 'late').maybeSnapshot();
    await flush();
    expect(storage.snapshots).toHaveLength(2);
    await clock.advance(5 * MINUTE);
    expect(storage.dropped).toEqual([storage.snapshots[1]?.id]);
    expect((await storage.loaded(log.key)).snapshot).toEqual(first);
  });

  test('is not dropped by an instance that has stopped', async () => {
    await replace(35);
    expect(clock.pending).toBeGreaterThan(0);
    end.abort();
    expect(clock.pending).toBe(0);
    await clock.advance(10 * MINUTE);
    expect(storage.dropped).toEqual([]);
  });

  test('is not dropped by an instance that stopped while it was being written', async () => {
    await replace(15);
    expect(storage.snapshots).toHaveLength(1);
    const { hook, open } = gate();
    storage.onSnapshot = hook;
    await replace(20);
    end.abort();
    open();
    await flush();
    expect(storage.snapshots).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  test('is not written of a log that has no Task', async () => {
    const other = taskLog(new WrappedStorage(), clock, 'b');
    await startRun(other, 's', 'b');
    await clock.advance(2 * DEFAULT_RETENTION_MS);
    upkeepOf(other).maybeSnapshot();
    await flush();
    expect(storage.snapshots).toEqual([]);
  });
});

describe('a snapshot that cannot be written', () => {
  test('harms no other work, and is tried again later', async () => {
    storage.onSnapshot = lost;
    await replace(15);
    expect(storage.snapshots.length).toBeGreaterThan(0);
    expect((await reader()).task()).toEqual(log.task());
    storage.onSnapshot = pass;
    await replace(15);
    expect((await storage.loaded(log.key)).snapshot).toBeDefined();
    expect((await reader()).state).toEqual(log.state);
  });

  test('is not tried with every append', async () => {
    storage.onSnapshot = lost;
    await replace(60);
    expect(storage.snapshots.length).toBeLessThanOrEqual(4);
    expect(snapshotted()).toBeLessThanOrEqual(written() / 4);
  });

  test('is written once at a time', async () => {
    storage.onSnapshot = () => new Promise(() => {});
    await replace(40);
    expect(storage.snapshots).toHaveLength(1);
  });
});

describe('a log that ages', () => {
  test('is not renewed at every opportunity while that fails', async () => {
    storage.onSnapshot = lost;
    await clock.advance(DEFAULT_RETENTION_MS + 1);
    await replace(5, 'x');
    expect(storage.snapshots).toHaveLength(1);
    storage.onSnapshot = pass;
    await clock.advance(MINUTE);
    upkeep.maybeSnapshot();
    await flush();
    expect((await storage.loaded(log.key)).snapshot).toEqual(storage.snapshots[1]);
  });

  test('is renewed once per retention while it is being worked on', async () => {
    for (const count of [1, 2, 3]) {
      await clock.advance(DEFAULT_RETENTION_MS);
      upkeep.maybeSnapshot();
      await flush();
      expect(storage.snapshots).toHaveLength(count - 1);
      await clock.advance(1);
      for (let look = 0; look < 3; look += 1) {
        upkeep.maybeSnapshot();
        await flush();
      }
      expect(storage.snapshots).toHaveLength(count);
      // No record was appended since the last snapshot. The same content renews the log.
      expect((await storage.loaded(log.key)).snapshot).toEqual(storage.snapshots.at(-1));
    }
    expect((await reader()).task()).toEqual(log.task());
  });

  test.each([
    ['has ended', COMPLETED],
    ['waits for input, with no run', INPUT_REQUIRED],
  ])('is not renewed if its task %s: it is invisible by then', async (_, state) => {
    await say(log, 'r', statusOf(state));
    await log.append(proposeEnd(authorOf('a'), 'r', true));
    await clock.advance(DEFAULT_RETENTION_MS + 1);
    upkeep.maybeSnapshot();
    await flush();
    expect(storage.snapshots).toEqual([]);
  });
});
