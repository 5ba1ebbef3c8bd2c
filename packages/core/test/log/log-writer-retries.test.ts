import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TaskLog } from '../../src/log/task-log.ts';
import { slotAt } from '../../src/model/slot.ts';
import { say } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, FAILED, KEY, statusOf } from '../fixtures/events.ts';
import { chunksOf, recordAt, start } from '../fixtures/records.ts';
import { workingLog } from '../fixtures/task-logs.ts';
import { doneUnanswered, lost, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  log = await workingLog(storage, clock);
});

describe('without an answer', () => {
  test('[I1] repeats the same bytes, and the entry is in the log once', async () => {
    storage.script.push(doneUnanswered, lost, lost);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    expect(storage.puts.length).toBeGreaterThanOrEqual(3);
    expect(new Set(storage.puts)).toEqual(new Set([storage.puts[0]]));
    expect((await storage.loaded(KEY)).records.flatMap((r) => chunksOf(r))).toEqual(['1']);
  });

  test('[I1] builds no other record meanwhile, however much queues up', async () => {
    storage.script.push(lost, lost, doneUnanswered);
    const all = ['1', '2', '3'].map((id) => say(log, 'r', chunkOf(id, 'x')));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(storage.puts.map(chunksOf)).toEqual([['1'], ['1'], ['1'], ['1'], ['2', '3']]);
  });

  test('[I1] continues behind the record of another writer that was faster', async () => {
    storage.script.push(lost);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await flush();
    const { slot } = storage.puts[0] ?? { slot: log.state.next };
    await storage.memory.putRecord(KEY, recordAt(slot, [start('other', { instance: 'b' })], 'b'));
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    const records = (await storage.loaded(KEY)).records;
    expect(records.map((r) => r.instance)).toEqual(['a', 'a', 'b', 'a']);
    expect(records.at(-1)?.slot).toEqual(slotAt(2, 1));
    expect(records.flatMap(chunksOf)).toEqual(['1']);
  });

  test('[I4] is refused if another has sealed the log meanwhile', async () => {
    storage.script.push(lost);
    const said = say(log, 'r', statusOf(FAILED));
    await flush();
    await storage.memory.putRecord(
      KEY,
      recordAt(log.state.next, [{ kind: 'event', event: statusOf(COMPLETED) }], 'b'),
    );
    await clock.advance(10_000);
    expect(await said).toEqual({ refused: 'sealed' });
    expect(log.task()?.status?.state).toBe(COMPLETED);
  });

  test('[I1] finds its own record in a read that was faster', async () => {
    const steps: [string, boolean][] = [];
    log.listen((step, own) => steps.push([step.record.id, own]));
    storage.script.push(doneUnanswered);
    const said = say(log, 'r', chunkOf('1', 'x'));
    await log.refresh();
    expect(steps).toEqual([[storage.puts[0]?.id, true]]);
    await clock.advance(10_000);
    expect(await said).toHaveProperty('appended');
    expect(steps).toHaveLength(1);
  });
});
