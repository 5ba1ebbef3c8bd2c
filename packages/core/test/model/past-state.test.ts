import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { applyRecord, type Delivery, Fold } from '../../src/model/fold.ts';
import { pastState } from '../../src/model/past-state.ts';
import type { LogRecord } from '../../src/model/record.ts';
import { compareSlots } from '../../src/model/slot.ts';
import { EMPTY_STATE, openRuns } from '../../src/model/state.ts';
import { anyHistory } from '../fixtures/histories.ts';
import { logOf, start } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** A delivery as a reader sees it, without the content of a Task. */
const seen = ({ generation, event, final }: Delivery): unknown => [generation, event.kind, final];

const foldOf = (records: readonly LogRecord[]): Fold => {
  const fold = new Fold();
  for (const record of records) fold.apply(record);
  return fold;
};

test('[I3] reading on from any place of any log gives the events that were read there at the time', () => {
  fc.assert(
    fc.property(anyHistory, fc.nat(25), fc.nat(25), (records, from, until) => {
      const now = foldOf(records.slice(0, Math.max(from, until)));
      const then = foldOf(records.slice(0, from));
      let state = pastState(now.state, then.state.next);
      expect(state.open).toEqual(then.state.open);
      for (const record of records.slice(from)) {
        const step = applyRecord(state, record);
        const was = then.apply(record);
        expect(step.deliveries.map(seen)).toEqual(was.deliveries.map(seen));
        expect(compareSlots(step.state.next, was.state.next)).toBe(0);
        expect(step.state.sealed).toBe(was.state.sealed);
        expect(openRuns(step.state).length).toBe(openRuns(was.state).length);
        state = step.state;
      }
    }),
    { numRuns: 500 },
  );
});

test('a place that is not in the past is the state itself', () => {
  const { state } = foldOf(logOf([start('r')]));
  expect(pastState(state, state.next)).toBe(state);
  expect(pastState(EMPTY_STATE, state.next)).toBe(EMPTY_STATE);
});
