import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Fold } from '../../src/model/fold.ts';
import { openRuns } from '../../src/model/state.ts';
import { anyEntry } from '../fixtures/arbitraries.ts';
import { anyHistory } from '../fixtures/histories.ts';
import { EMPTY_PLAIN_STATE, plain, plainOpenRuns, plainStep } from '../fixtures/plain-state.ts';
import { logOf } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** Logs as runs write them, and impossible ones. */
const anyLog = fc.oneof(
  anyHistory,
  fc
    .array(fc.array(anyEntry, { minLength: 1, maxLength: 4 }), { maxLength: 10 })
    .map((contents) => logOf(...contents)),
);

describe('the state of a log', () => {
  test('[I1] is the same as with plain maps that are copied for each entry', () => {
    fc.assert(
      fc.property(anyLog, (records) => {
        const fold = new Fold();
        let expected = EMPTY_PLAIN_STATE;
        for (const record of records) {
          fold.apply(record);
          expected = plainStep(expected, record);
          expect(plain(fold.state)).toEqual(expected);
          expect(new Set(openRuns(fold.state))).toEqual(new Set(plainOpenRuns(expected)));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('stays as it is while the log continues', () => {
    fc.assert(
      fc.property(anyLog, (records) => {
        const fold = new Fold();
        const kept = records.map((record) => {
          const { state } = fold.apply(record);
          return { state, before: plain(state) };
        });
        for (const { state, before } of kept) expect(plain(state)).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });
});
