import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_RECORD_BYTES } from '../../src/log/record-builder.ts';
import type { TaskLog } from '../../src/log/task-log.ts';
import { proposeEnd } from '../../src/model/proposal.ts';
import { slotAt } from '../../src/model/slot.ts';
import { authorOf, say } from '../fixtures/author.ts';
import { COMPLETED, chunkOf, FAILED, KEY, statusOf } from '../fixtures/events.ts';
import { chunksOf } from '../fixtures/records.ts';
import { workingLog } from '../fixtures/task-logs.ts';
import { gate, WrappedStorage } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let storage: WrappedStorage;
let log: TaskLog;

beforeEach(async () => {
  clock = new TestClock();
  storage = new WrappedStorage();
  log = await workingLog(storage, clock);
});

describe('group commit', () => {
  test('[I1] writes the first proposal at once, and those that came meanwhile together', async () => {
    const all = ['1', '2', '3', '4'].map((id) => say(log, 'r', chunkOf(id, 'x')));
    expect(storage.puts).toHaveLength(1);
    await Promise.all(all);
    expect(storage.puts.map(chunksOf)).toEqual([['1'], ['2', '3', '4']]);
    expect(log.state.next).toEqual(slotAt(6));
  });

  test('[I2] resolves when the record is durable, not before', async () => {
    const held = gate();
    storage.script.push(held.hook);
    let resolved = false;
    const said = say(log, 'r', chunkOf('1', 'x')).then(() => {
      resolved = true;
    });
    await flush();
    expect(resolved).toBe(false);
    held.open();
    await said;
    expect((await storage.loaded(KEY)).records.at(-1)).toEqual(storage.puts[0]);
  });

  test('keeps records below the size that a doorbell can carry', async () => {
    const text = 'x'.repeat(MAX_RECORD_BYTES / 4);
    await Promise.all(
      Array.from({ length: 13 }, (_, n) => say(log, 'r', chunkOf(String(n), text))),
    );
    for (const record of storage.puts) {
      expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(MAX_RECORD_BYTES);
    }
    expect(storage.puts.flatMap(chunksOf)).toEqual(Array.from({ length: 13 }, (_, n) => String(n)));
    // Small ones would otherwise go one by one.
    expect(storage.puts.length).toBeLessThanOrEqual(6);
  });

  test('writes an entry that is larger than a record alone', async () => {
    const large = 'x'.repeat(MAX_RECORD_BYTES * 2);
    await Promise.all([
      say(log, 'r', chunkOf('0', 'x')),
      say(log, 'r', chunkOf('1', 'x')),
      say(log, 'r', chunkOf('2', large)),
      say(log, 'r', chunkOf('3', 'x')),
    ]);
    expect(storage.puts.map(chunksOf)).toEqual([['0'], ['1'], ['2'], ['3']]);
  });

  test('[I4] stops at the first terminal event; the rest is refused', async () => {
    const first = say(log, 'r', chunkOf('0', 'x'));
    const rest = await Promise.all([
      say(log, 'r', chunkOf('1', 'x')),
      say(log, 'r', statusOf(COMPLETED)),
      say(log, 'r', chunkOf('2', 'x')),
      say(log, 'r', statusOf(FAILED)),
    ]);
    await first;
    expect(rest).toMatchObject([
      { appended: expect.anything() },
      { appended: expect.anything() },
      { refused: 'sealed' },
      { refused: 'sealed' },
    ]);
    expect(storage.puts).toHaveLength(2);
    expect(log.task()?.status?.state).toBe(COMPLETED);
  });

  test('refuses only events that a confirmed log refuses', async () => {
    // The end is proposed but not yet durable: another's record may still come first.
    const held = gate();
    storage.script.push(held.hook);
    const ended = log.append(proposeEnd(authorOf('a'), 'r'));
    let outcome: unknown;
    void say(log, 'r', chunkOf('1', 'x')).then((got) => {
      outcome = got;
    });
    await flush();
    expect(outcome).toBeUndefined();
    held.open();
    await ended;
    await flush();
    expect(outcome).toEqual({ refused: 'sealed' });
  });
});
