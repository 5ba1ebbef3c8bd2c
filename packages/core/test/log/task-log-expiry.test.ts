import { TestClock } from '@a2a-aws/testkit/fakes';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { TaskLog } from '../../src/log/task-log.ts';
import { type TaskHead, taskHead } from '../../src/model/listed-task.ts';
import { proposeDelete, proposeEnd } from '../../src/model/proposal.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { DEFAULT_RETENTION_MS } from '../../src/model/retention.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  KEY,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { recordAt, start } from '../fixtures/records.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { WrappedStorage } from '../fixtures/wrapped-storage.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const R = DEFAULT_RETENTION_MS;

interface Written {
  readonly clock: TestClock;
  readonly storage: WrappedStorage;
  readonly log: TaskLog;
  readonly records: readonly LogRecord[];
  readonly head: TaskHead | undefined;
}

/** A task with some artifacts whose last status is this one. */
async function written(last: typeof COMPLETED, chunks = 3): Promise<Written> {
  const clock = new TestClock();
  const storage = new WrappedStorage();
  const log = taskLog(storage, clock);
  await startRun(log, 'r');
  await say(log, 'r', taskOf(WORKING));
  for (let n = 0; n < chunks; n += 1) await say(log, 'r', chunkOf(`a${n}`, 'x'));
  await say(log, 'r', statusOf(last));
  await log.append(proposeEnd(authorOf('a'), 'r', true));
  const head = taskHead(KEY, log.state);
  if (head) await storage.putHead(KEY, head);
  return { clock, storage, log, records: await storage.records(KEY), head };
}

/** The remains of a log during deletion, and a handle that opens it. */
async function leftover(
  clock: TestClock,
  records: readonly LogRecord[],
  head?: TaskHead,
): Promise<TaskLog> {
  const storage = new WrappedStorage();
  for (const record of records) await storage.putRecord(KEY, record);
  if (head) await storage.putHead(KEY, head);
  return taskLog(storage, clock, 'b');
}

describe('a task', () => {
  test.each([
    ['has ended', COMPLETED],
    ['waits for input', INPUT_REQUIRED],
  ])(
    'that %s is invisible one retention period later, also on an instance that opens it then',
    async (_, state) => {
      const { clock, storage, log } = await written(state);
      await clock.advance(R);
      const before = taskLog(storage, clock, 'b');
      await before.refresh();
      expect([log.isExpired(), before.isExpired()]).toEqual([false, false]);
      await clock.advance(1);
      const after = taskLog(storage, clock, 'c');
      await after.refresh();
      expect([log.isExpired(), before.isExpired(), after.isExpired()]).toEqual([true, true, true]);
    },
  );

  test('with an open run is visible, however long the run takes', async () => {
    const clock = new TestClock();
    const log = taskLog(new WrappedStorage(), clock);
    await startRun(log, 'r');
    await say(log, 'r', taskOf(WORKING));
    await clock.advance(10 * R);
    expect(log.isExpired()).toBe(false);
  });

  test('without a log is not expired, only absent', async () => {
    const log = taskLog(new WrappedStorage(), new TestClock());
    await log.refresh();
    expect(log.isExpired()).toBe(false);
    expect(log.task()).toBeUndefined();
  });
});

describe('the remains of a log during deletion', () => {
  const anyLeft = fc.record({
    last: fc.constantFrom(COMPLETED, INPUT_REQUIRED),
    left: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
    hasHead: fc.boolean(),
  });

  test('are neither reported as corrupt nor visible, in any order of deletion', async () => {
    await fc.assert(
      fc.asyncProperty(anyLeft, async ({ last, left, hasHead }) => {
        const { clock, records, head } = await written(last);
        // Nothing is deleted earlier.
        await clock.advance(2 * R + 1);
        const some = records.filter((_, n) => left[n]);
        const log = await leftover(clock, some, hasHead ? head : undefined);
        // A second read gives the same.
        for (let look = 0; look < 2; look += 1) {
          await log.refresh();
          expect(log.isExpired() || log.task() === undefined).toBe(true);
        }
        if (some.length > 0) {
          expect(await startRun(log, 's', 'b')).toEqual({ refused: 'sealed' });
          expect(await log.append(proposeDelete())).toHaveProperty('refused');
        }
      }),
      { numRuns: 300 },
    );
  });

  test('[I1] are reported as corrupt while the task is visible: a record before the last is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(4), fc.nat(R), async (missing, age) => {
        const { clock, records, head } = await written(INPUT_REQUIRED);
        await clock.advance(age);
        const some = records.filter((_, n) => n !== missing);
        const log = await leftover(clock, some, head);
        await expect(log.refresh()).rejects.toMatchObject({ code: 'corrupt-log' });
      }),
      { numRuns: 50 },
    );
  });
});

describe('a deletion', () => {
  test('is refused while a run is open, and without a task', async () => {
    const log = taskLog(new WrappedStorage(), new TestClock());
    expect(await log.append(proposeDelete())).toEqual({ refused: 'not-found' });
    await startRun(log, 'r');
    await say(log, 'r', taskOf(WORKING));
    expect(await log.append(proposeDelete())).toEqual({ refused: 'running' });
    expect(log.task()).toBeDefined();
  });

  test.each([
    ['has ended', COMPLETED],
    ['waits for input', INPUT_REQUIRED],
  ])('[I4] of a task that %s is the last of its log', async (_, state) => {
    const { storage, clock, log } = await written(state);
    expect(await log.append(proposeDelete())).toHaveProperty('appended');
    const reader = taskLog(storage, clock, 'b');
    await reader.refresh();
    for (const handle of [log, reader]) {
      expect(handle.isExpired()).toBe(true);
      expect(handle.task()).toBeUndefined();
      expect(await startRun(handle, 's')).toEqual({ refused: 'sealed' });
      expect(await handle.append(proposeDelete())).toEqual({ refused: 'not-found' });
    }
  });

  test('[I4] and a start at the same time: one of them is refused', async () => {
    const { storage, clock, log } = await written(INPUT_REQUIRED);
    const other = taskLog(storage, clock, 'b');
    await other.refresh();
    const [deleted, started] = await Promise.all([
      log.append(proposeDelete()),
      startRun(other, 's', 'b'),
    ]);
    expect([deleted, started].filter((outcome) => 'appended' in outcome)).toHaveLength(1);
    await log.refresh();
    expect(log.state.deleted).toBe('appended' in deleted);
  });

  test('leaves no content to read, and slots stay taken', async () => {
    const { storage, clock, log } = await written(COMPLETED);
    await log.append(proposeDelete());
    await storage.erase(KEY);
    const reader = taskLog(storage, clock, 'b');
    await reader.refresh();
    expect(reader.isExpired()).toBe(true);
    expect(reader.task()).toBeUndefined();
    expect(await startRun(reader, 's', 'b')).toEqual({ refused: 'sealed' });
    // A late doorbell changes nothing.
    expect(reader.absorb(recordAt(log.state.next, [start('late')]))).toBe(true);
    expect(reader.task()).toBeUndefined();
  });

  test('is recognized although the log has lost its beginning', async () => {
    const { storage, clock, log } = await written(INPUT_REQUIRED);
    await log.append(proposeDelete());
    const records = await storage.records(KEY);
    const rest = await leftover(clock, records.slice(2));
    await rest.refresh();
    expect(rest.isExpired()).toBe(true);
    await rest.refresh();
    expect(await startRun(rest, 's', 'b')).toEqual({ refused: 'sealed' });
  });
});
