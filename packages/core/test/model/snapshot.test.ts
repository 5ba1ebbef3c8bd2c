import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Fold } from '../../src/model/fold.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { anyEntry } from '../fixtures/arbitraries.ts';
import { AUTH_REQUIRED, message, taskOf } from '../fixtures/events.ts';
import { logOf, start } from '../fixtures/records.ts';
import { restore, snapshotOf } from '../fixtures/snapshots.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const anyLog = fc
  .array(fc.array(anyEntry, { minLength: 1, maxLength: 4 }), { maxLength: 10 })
  .map((contents) => logOf(...contents));

const foldOf = (records: readonly LogRecord[]): Fold => {
  const fold = new Fold();
  for (const record of records) fold.apply(record);
  return fold;
};

const restored = (text: string): Fold => {
  const fold = new Fold();
  restore(fold, text);
  return fold;
};

/** All of a fold; the order of keys means nothing. */
const content = (fold: Fold): unknown => JSON.parse(snapshotOf(fold));

describe('a snapshot', () => {
  test('is the whole fold of any log', () => {
    fc.assert(
      fc.property(anyLog, (records) => {
        const fold = foldOf(records);
        const other = restored(snapshotOf(fold));
        expect(other.state).toEqual(fold.state);
        expect(other.generation).toBe(fold.generation);
        expect(other.task()).toEqual(fold.task());
        expect(content(other)).toEqual(content(fold));
      }),
      { numRuns: 200 },
    );
  });

  test('keeps the names under which earlier releases stored it', () => {
    const ended = logOf(
      [start('run')],
      [{ kind: 'event', run: 'run', event: taskOf(AUTH_REQUIRED) }],
      [{ kind: 'end', run: 'run' }],
    );
    const { at, runs } = JSON.parse(snapshotOf(foldOf(ended)));
    expect(at).toBe(ended.at(-1)?.time);
    expect(runs).toEqual([
      [
        'run',
        {
          instance: 'a',
          start: expect.any(String),
          attempt: 1,
          phase: 'ended',
          closedAt: expect.any(String),
          resultAt: 1,
          authAt: 1,
          firstAt: 1,
        },
      ],
    ]);
  });

  test('[I1] gives the same state to later records as the records that it replaces', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(10), (records, cut) => {
        const fold = foldOf(records.slice(0, cut));
        const other = restored(snapshotOf(fold));
        for (const record of records.slice(cut)) {
          expect(other.apply(record)).toEqual(fold.apply(record));
          expect(other.task()).toEqual(fold.task());
        }
        expect(other.state).toEqual(fold.state);
      }),
      { numRuns: 200 },
    );
  });

  test('replaces everything that was folded before, messages included', () => {
    const fold = foldOf(logOf([start('r', { message: message('old') })]));
    const text = snapshotOf(foldOf(logOf([start('s', { message: message('new') })])));
    restore(fold, text);
    expect(content(fold)).toEqual(JSON.parse(text));
  });

  test('is not changed by entries that its fold folds later', () => {
    fc.assert(
      fc.property(anyLog, fc.nat(10), (records, cut) => {
        const fold = foldOf(records.slice(0, cut));
        const other = restored(snapshotOf(fold));
        const before = content(other);
        for (const record of records.slice(cut)) fold.apply(record);
        expect(content(other)).toEqual(before);
      }),
    );
  });

  const good = JSON.parse(snapshotOf(new Fold())) as Record<string, unknown>;

  test.each<[string, string]>([
    ['no JSON', 'x'],
    ['no object', '[]'],
    ['a later version', JSON.stringify({ ...good, v: 2 })],
    ['no version', JSON.stringify({ ...good, v: undefined })],
    ['a slot that is none', JSON.stringify({ ...good, next: '1' })],
    ['a run in a phase that this release does not know', withPhase('paused')],
  ])('of %s is corrupt, and changes nothing', (_, text) => {
    const fold = foldOf(logOf([start('r')]));
    const before = snapshotOf(fold);
    expect(() => restore(fold, text)).toThrow(expect.objectContaining({ code: 'corrupt-log' }));
    expect(snapshotOf(fold)).toBe(before);
  });
});

function withPhase(phase: string): string {
  return snapshotOf(foldOf(logOf([start('r')]))).replace('"phase":"open"', `"phase":"${phase}"`);
}
