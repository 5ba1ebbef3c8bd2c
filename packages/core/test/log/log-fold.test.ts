import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { LogFold } from '../../src/log/log-fold.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { chunkOf, taskOf, WORKING } from '../fixtures/events.ts';
import { chunksOf, logOf, recordAt, start } from '../fixtures/records.ts';

let clock: TestClock;
let fold: LogFold;
let diverged: number;
let applied: { readonly id: string; readonly own: boolean }[];

const event = (id: string) => ({ kind: 'event', run: 'r', event: chunkOf(id, id) }) as const;

/** A log with a task and three chunks. */
const records = logOf(
  [start('r'), { kind: 'event', run: 'r', event: taskOf(WORKING) }],
  [event('one')],
  [event('two')],
  [event('three')],
);
const [first, second, third, fourth] = records as [LogRecord, LogRecord, LogRecord, LogRecord];

beforeEach(() => {
  clock = new TestClock();
  diverged = 0;
  applied = [];
  fold = new LogFold({
    clock,
    logger: silentLogger,
    diverged: () => {
      diverged += 1;
    },
  });
  fold.records.add(({ record }, own) => applied.push({ id: record.id, own }));
});

/** Reads the table's records into the fold, as a reader that compares does. */
function compareWith(table: readonly LogRecord[]): boolean {
  const from = fold.begin(true);
  for (const record of table) {
    if (record.slot.generation < from.generation) continue;
    fold.absorb(record);
  }
  return fold.compared();
}

describe('taking records', () => {
  test('[I1] applies the next record, ignores an older one, and refuses one behind a gap', () => {
    expect(fold.take(first, true)).toBe(true);
    expect(fold.take(third, true)).toBe(false);
    expect(fold.take(second, true)).toBe(true);
    expect(fold.take(first, true)).toBe(true);
    expect(applied.map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  test('marks the record that this instance is putting as its own', () => {
    fold.take(first, true);
    fold.expect(second.id);
    fold.take(second, true);
    fold.expect(undefined);
    fold.take(third, true);
    expect(applied.map(({ own }) => own)).toEqual([false, true, false]);
  });

  test('[I4] ignores records after a deletion', () => {
    fold.take(first, true);
    const deletion = recordAt(second.slot, [{ kind: 'deleted' }]);
    fold.take(deletion, true);
    expect(fold.take(second, true)).toBe(true);
    expect(applied.map(({ id }) => id)).toEqual([first.id, deletion.id]);
  });

  test('counts the tail, from which a snapshot subtracts its part', () => {
    fold.take(first, true);
    fold.take(second, true);
    const replaced = fold.tail;
    expect(replaced).toEqual({
      bytes: first.body.length + second.body.length,
      records: 2,
      since: first.time,
    });
    fold.take(third, true);
    fold.rebase(replaced);
    expect(fold.tail).toEqual({ bytes: third.body.length, records: 1, since: clock.now() });
  });
});

describe('[I2] records from doorbells', () => {
  test('are unconfirmed until a read of the table contains the same records', () => {
    fold.take(first, true);
    expect(fold.isConfirmed).toBe(true);
    fold.take(second, false);
    fold.take(third, false);
    expect(fold.isConfirmed).toBe(false);
    expect(compareWith(records)).toBe(true);
    expect(fold.isConfirmed).toBe(true);
    // The read also brought a record that no doorbell contained.
    expect(applied.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    expect([fold.epoch, diverged]).toEqual([0, 0]);
  });

  test('that differ from the table are replaced by the records of the table', () => {
    let rebuilds = 0;
    fold.rebuilds.add(() => {
      rebuilds += 1;
    });
    fold.take(first, true);
    fold.take(recordAt(second.slot, [event('forged')]), false);
    expect(compareWith(records)).toBe(false);

    fold.restart();
    expect(fold.isConfirmed).toBe(false);
    for (const record of records) fold.absorb(record);
    fold.done(false);
    expect(fold.isConfirmed).toBe(true);
    expect(fold.state.next.generation).toBe(fourth.slot.generation + 1);
    expect(fold.current.task()?.artifacts.map(({ artifactId }) => artifactId)).toEqual(
      [second, third, fourth].flatMap(chunksOf),
    );
    expect([fold.epoch, diverged, rebuilds]).toEqual([1, 1, 1]);
  });

  test('of a log that was deleted meanwhile are no difference to report', () => {
    fold.take(first, true);
    fold.take(second, false);
    const deletion = recordAt(first.slot, [{ kind: 'deleted' }]);
    expect(compareWith([deletion])).toBe(false);
    fold.restart();
    fold.absorb(deletion);
    fold.done(false);
    expect(fold.state.deleted).toBe(true);
    expect([fold.epoch, diverged]).toEqual([1, 0]);
  });
});
