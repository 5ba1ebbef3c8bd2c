import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TaskLog } from '../../src/log/task-log.ts';
import type { AppliedRecord } from '../../src/model/fold.ts';
import { countEvents } from '../../src/model/record.ts';
import { slotAt } from '../../src/model/slot.ts';
import { say, startRun } from '../fixtures/author.ts';
import { chunkOf, KEY, taskOf, WORKING } from '../fixtures/events.ts';
import { chunksOf, recordAt, start } from '../fixtures/records.ts';
import { taskLog } from '../fixtures/task-logs.ts';
import { gate, lost, noAnswer, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  log = taskLog(storage, clock);
});

/** A log on which a run works. */
const running = async (): Promise<void> => {
  await startRun(log, 'r');
  await say(log, 'r', taskOf(WORKING));
  storage.puts.length = 0;
};

test('[I1] an event of a log without a Task is preceded by one, in the same record', async () => {
  await startRun(log, 'r');
  await say(log, 'r', chunkOf('1', 'x'));
  const record = storage.puts.at(-1);
  expect(countEvents(record?.entries ?? [])).toBe(2);
  expect(log.task()).toMatchObject({ id: KEY.taskId, artifacts: [{ artifactId: '1' }] });
  expect(log.task()?.history.map((m) => m.messageId)).toEqual(['to-r']);
});

describe('listeners', () => {
  test('[I2] are called about an own record only once it is durable', async () => {
    const steps: AppliedRecord[] = [];
    log.listen((step) => steps.push(step));
    const held = gate();
    storage.script.push(held.hook);
    const started = startRun(log, 'r');
    await flush();
    expect(steps).toEqual([]);
    held.open();
    await started;
    const { records } = await storage.loaded(KEY);
    expect(steps.map((step) => step.record)).toEqual(records);
  });

  test('[I1] are called about all records in slot order, each once, with their own ones marked', async () => {
    const heard: [string, boolean][] = [];
    log.listen((step, own) => heard.push([step.record.id, own]));
    const other = taskLog(storage, clock, 'b');
    await startRun(log, 'r');
    await startRun(other, 's', 'b');
    await say(log, 'r', taskOf(WORKING));
    await say(other, 's', chunkOf('1', 'x'), 'b');
    await log.refresh();
    const records = (await storage.loaded(KEY)).records;
    expect(heard).toEqual(records.map((r) => [r.id, r.instance === 'a']));
  });

  test('are called no more after they left', async () => {
    let calls = 0;
    const leave = log.listen(() => {
      calls += 1;
    });
    await startRun(log, 'r');
    leave();
    await say(log, 'r', taskOf(WORKING));
    expect(calls).toBe(1);
  });

  test('of entries find the fold exactly as it is at that entry', async () => {
    await running();
    await flush();
    const seen: [number, number | undefined][] = [];
    log.listenEntries(() => seen.push([log.generation, log.task()?.artifacts.length]));
    await Promise.all(['1', '2', '3'].map((id) => say(log, 'r', chunkOf(id, 'x'))));
    // After each entry, and after each of the two records.
    expect(seen).toEqual([
      [2, 1],
      [2, 1],
      [3, 2],
      [4, 3],
      [4, 3],
    ]);
  });
});

describe('absorb', () => {
  test('[I3] takes the next record, ignores an older one, and reports a gap', async () => {
    const reader = taskLog(storage, clock, 'c');
    await reader.refresh();
    await running();
    const other = taskLog(storage, clock, 'b');
    await startRun(other, 's', 'b');
    const [first, second, third] = (await storage.loaded(KEY)).records;
    if (!first || !second || !third) throw new Error('three records');
    expect(reader.absorb(second)).toBe(false);
    expect(reader.state.next).toEqual(first.slot);
    expect(reader.absorb(first)).toBe(true);
    expect(reader.absorb(first)).toBe(true);
    expect(reader.absorb(third)).toBe(false);
    expect(reader.absorb(second)).toBe(true);
    expect(reader.absorb(third)).toBe(true);
    await log.refresh();
    expect(reader.state).toEqual(log.state);
  });
});

describe('refresh', () => {
  test('[I3] brings all records that were durable at the call, even if a read is in progress', async () => {
    await running();
    const reader = taskLog(storage, clock, 'b');
    // The first read takes its answer now, and hands it over later.
    const held = gate();
    storage.onRead = async (call) => {
      const answer = await call();
      await held.hook(async () => {});
      return answer;
    };
    const first = reader.refresh();
    await flush();
    await say(log, 'r', chunkOf('late', 'x'));
    const [second, third] = [reader.refresh(), reader.refresh()];
    held.open();
    await first;
    expect(reader.generation).toBe(1);
    await Promise.all([second, third]);
    expect(reader.state.next).toEqual(log.state.next);
    // The two that came later share one read.
    expect(storage.reads).toBe(2);
  });

  test('rejects with the error of the storage, and works again', async () => {
    await running();
    const reader = taskLog(storage, clock, 'b');
    storage.onRead = lost;
    const [first, second] = [reader.refresh(), reader.refresh()];
    await expect(first).rejects.toMatchObject({ code: 'unreachable' });
    await expect(second).rejects.toMatchObject({ code: 'unreachable' });
    storage.onRead = (call) => call();
    await reader.refresh();
    expect(reader.state.next).toEqual(log.state.next);
  });

  test('fails with a code if records are missing', async () => {
    await storage.memory.putRecord(KEY, recordAt(slotAt(1), [start('r')]));
    await storage.memory.putRecord(KEY, recordAt(slotAt(1, 2), [start('s')]));
    await expect(log.refresh()).rejects.toMatchObject({ code: 'corrupt-log' });
  });
});

describe('a handle that was away for long', () => {
  beforeEach(running);

  test('[I5] reads before it appends: the slot of a fence may be empty again', async () => {
    const reads = storage.reads;
    await clock.advance(59 * 60_000);
    await say(log, 'r', chunkOf('1', 'x'));
    expect(storage.reads).toBe(reads);
    await clock.advance(61 * 60_000);
    storage.puts.length = 0;
    let readsAtPut = 0;
    storage.onPut = (call) => {
      readsAtPut = storage.reads;
      return call();
    };
    await say(log, 'r', chunkOf('2', 'x'));
    expect(readsAtPut).toBe(reads + 1);
  });

  test('tries to read until it can, and appends then', async () => {
    await clock.advance(61 * 60_000);
    let failures = 0;
    storage.onRead = (call) => {
      failures += 1;
      return failures < 3 ? Promise.reject(noAnswer()) : call();
    };
    const said = say(log, 'r', chunkOf('1', 'x'));
    await clock.advance(5_000);
    await said;
    expect(failures).toBe(3);
    expect(chunksOf(storage.puts.at(-1))).toEqual(['1']);
  });
});
