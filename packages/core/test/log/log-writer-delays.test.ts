import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { ENOUGH_BYTES } from '../../src/log/record-delay.ts';
import { TaskLog } from '../../src/log/task-log.ts';
import type { Appended } from '../../src/log/waiting-proposals.ts';
import { proposeCancel, proposeEvent, proposeFence } from '../../src/model/proposal.ts';
import { encode } from '../../src/model/record.ts';
import { authorOf, say, startRun } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, KEY, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { chunksOf } from '../fixtures/records.ts';
import { taskLog, taskLogDeps } from '../fixtures/task-logs.ts';
import { doneUnanswered, gate, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;
let end: AbortController;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  end = new AbortController();
  log = taskLog(storage, clock, 'a', end.signal);
  await startRun(log, 'r');
  await say(log, 'r', taskOf(WORKING));
  await clock.advance(1_000);
  // From here on, events of the burst wait for one another.
  for (const id of ['0', '00']) {
    void hint(id);
    await flush();
  }
  storage.puts.length = 0;
});

/** Appends a chunk that no caller waits for. */
function hint(id: string, text = 'x', to = log): Promise<Appended> {
  const encoded = encode({ kind: 'event', run: 'r', event: chunkOf(id, text) });
  return to.append(proposeEvent(authorOf('a'), 'r', encoded), encoded.bytes, true);
}

const written = (): string[][] => storage.puts.map(chunksOf);

test('[I1] events that no caller waits for share a record, in their order', async () => {
  const all = ['1', '2', '3'].map((id) => hint(id));
  await flush();
  expect(written()).toEqual([]);
  await clock.advance(5);
  expect(written()).toEqual([['1', '2', '3']]);
  expect((await Promise.all(all)).every((outcome) => 'appended' in outcome)).toBe(true);
});

test('an event that a caller waits for takes those with it that wait', async () => {
  void hint('1');
  await say(log, 'r', chunkOf('2', 'x'));
  expect(written()).toEqual([['1', '2']]);
});

test('[I4] [I6] the end of the task takes those with it that wait', async () => {
  void hint('1');
  await say(log, 'r', statusOf(COMPLETED));
  expect(written()).toEqual([['1']]);
  expect(log.state.sealed).toBe(true);
});

test.each([
  ['a cancel', proposeCancel(authorOf('a'), 'canceller')],
  ['the fence of an instance that stops', proposeFence(authorOf('a'), 'a')],
])('[I6] %s takes those with it that wait', async (_, propose) => {
  const waited = hint('1');
  await log.append(propose);
  expect(await waited).toHaveProperty('appended');
  expect(storage.puts).toHaveLength(1);
});

test('a flush writes what waits, and leaves no timer', async () => {
  void hint('1');
  log.flush();
  expect(written()).toEqual([['1']]);
  await clock.advance(1_000);
  log.flush();
  expect(storage.puts).toHaveLength(1);
});

test('a flush during a put writes what came during it', async () => {
  const held = gate();
  storage.script.push(held.hook);
  void hint('1');
  log.flush();
  void hint('2');
  log.flush();
  held.open();
  await flush();
  expect(written()).toEqual([['1'], ['2']]);
});

test('events that came during a put wait after it, too', async () => {
  const held = gate();
  storage.script.push(held.hook);
  void hint('1');
  log.flush();
  void hint('2');
  held.open();
  await flush();
  expect(written()).toEqual([['1']]);
  await clock.advance(10);
  expect(written()).toEqual([['1'], ['2']]);
});

test('[I8] a record that is large enough waits for no more events', () => {
  void hint('1', 'x'.repeat(ENOUGH_BYTES / 2));
  expect(storage.puts).toEqual([]);
  void hint('2', 'x'.repeat(ENOUGH_BYTES / 2));
  expect(written()).toEqual([['1', '2']]);
});

test('small events do not become a large record by their number', async () => {
  const ids = Array.from({ length: 100 }, (_, n) => `${n}`);
  for (const id of ids) void hint(id);
  expect(storage.puts).toEqual([]);
  await clock.advance(5);
  expect(written()).toEqual([ids]);
});

test('[I1] a record that lost its slot is decided again at once', async () => {
  const other = taskLog(storage, clock, 'b');
  await other.refresh();
  await other.append(proposeCancel(authorOf('b'), 'canceller'));
  storage.puts.length = 0;
  const waited = hint('1');
  await clock.advance(5);
  expect(await waited).toHaveProperty('appended');
  expect(written()).toEqual([['1'], ['1']]);
});

test('[I2] an event whose put got no answer is in the log once', async () => {
  storage.script.push(doneUnanswered);
  const waited = hint('1');
  await clock.advance(1_000);
  expect(await waited).toHaveProperty('appended');
  expect((await storage.records(KEY)).flatMap(chunksOf).filter((id) => id === '1')).toEqual(['1']);
});

describe('when the instance stops', () => {
  test('[I5] what waits is rejected, and nothing is written', async () => {
    const waited = hint('1');
    end.abort();
    log.flush();
    await expect(waited).rejects.toMatchObject({ code: 'draining' });
    expect(storage.puts).toEqual([]);
  });

  test('[I5] what waits for its time is rejected then', async () => {
    const waited = hint('1');
    end.abort();
    const rejected = expect(waited).rejects.toMatchObject({ code: 'draining' });
    await clock.advance(1_000);
    await rejected;
    expect(storage.puts).toEqual([]);
  });
});

test('a limit of 0 lets no event wait', async () => {
  const eager = new TaskLog(KEY, { ...taskLogDeps(storage, clock, 'a'), maxRecordDelayMs: 0 });
  await eager.refresh();
  storage.puts.length = 0;
  for (const id of ['1', '2', '3']) void hint(id, 'x', eager);
  await flush();
  expect(written()).toEqual([['1'], ['2', '3']]);
});
