import { describe, expect, test } from 'vitest';
import { type AppliedRecord, Fold } from '../../src/model/fold.ts';
import { slotAt } from '../../src/model/slot.ts';
import { RECENT_BYTES, RecentRecords } from '../../src/reading/recent-records.ts';
import { chunkOf, taskOf, WORKING } from '../fixtures/events.ts';
import { recordAt } from '../fixtures/records.ts';

/** The applied records of a log with one event in each. */
const stepsOf = (events: readonly Parameters<typeof one>[0][]): AppliedRecord[] => {
  const fold = new Fold();
  return events.map((event) => fold.apply(recordAt(fold.state.next, [one(event)])));
};
const one = (event: ReturnType<typeof taskOf>) => ({ kind: 'event', event }) as const;

const kept = (recent: RecentRecords, steps: readonly AppliedRecord[]): AppliedRecord[] =>
  steps.filter((step) => recent.at(step.record.slot) !== undefined);

describe('the recent records', () => {
  test('are found by their slots', () => {
    const recent = new RecentRecords();
    const steps = stepsOf([taskOf(WORKING), chunkOf('a', 'x')]);
    for (const step of steps) recent.add(step);
    expect(steps.map((step) => recent.at(step.record.slot))).toEqual(steps);
    expect(recent.at(slotAt(9))).toBeUndefined();
  });

  test('[I8] are the last ones, within a number of bytes', () => {
    const recent = new RecentRecords();
    const text = 'x'.repeat(100_000);
    const steps = stepsOf([
      taskOf(WORKING),
      ...Array.from({ length: 40 }, () => chunkOf('a', text)),
    ]);
    for (const step of steps) recent.add(step);
    const found = kept(recent, steps);
    const bytes = found.reduce((sum, step) => sum + step.record.body.length, 0);
    expect(bytes).toBeLessThanOrEqual(RECENT_BYTES);
    expect(bytes).toBeGreaterThan(RECENT_BYTES / 2);
    expect(found).toEqual(steps.slice(-found.length));
  });

  test('[I8] do not count the Tasks in events, which share the content of the fold', () => {
    const recent = new RecentRecords();
    const steps = stepsOf([
      taskOf(WORKING),
      chunkOf('a', 'x'.repeat(300_000)),
      ...Array.from({ length: 40 }, () => taskOf(WORKING)),
    ]);
    for (const step of steps) recent.add(step);
    expect(kept(recent, steps)).toEqual(steps);
    const parts = steps.slice(2).map(({ deliveries: [shown] }) => {
      return shown?.event.kind === 'task' ? shown.event.data.artifacts[0]?.parts[0] : undefined;
    });
    expect(new Set(parts).size).toBe(1);
  });

  test('[I8] have as many events as the taps want, and always the last record', () => {
    const recent = new RecentRecords();
    recent.maxEvents = 2;
    const steps = stepsOf([1, 2, 3, 4].map((n) => chunkOf('a', `${n}`)));
    for (const step of steps) recent.add(step);
    expect(kept(recent, steps)).toEqual(steps.slice(2));
    recent.maxEvents = 0;
    recent.add(steps[0] as AppliedRecord);
    expect(kept(recent, steps)).toEqual(steps.slice(0, 1));
  });
});
