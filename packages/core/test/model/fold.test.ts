import { Task } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import { countEvents } from '../../src/model/record.ts';
import { anyEntry } from '../fixtures/arbitraries.ts';
import { chunkOf, message, statusOf, taskOf, WORKING } from '../fixtures/events.ts';
import { logOf, start } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const bodies = fc.array(fc.array(anyEntry, { minLength: 1, maxLength: 4 }), { maxLength: 8 });

describe('a fold', () => {
  test('[I1] numbers the events of any log 1, 2, 3 …', () => {
    fc.assert(
      fc.property(bodies, (contents) => {
        const fold = new Fold();
        const generations = logOf(...contents).flatMap((record) =>
          fold.apply(record).deliveries.map((delivery) => delivery.generation),
        );
        expect(generations).toEqual(generations.map((_, n) => n + 1));
        expect(generations).toHaveLength(countEvents(contents.flat()));
        expect(fold.generation).toBe(generations.length);
      }),
    );
  });

  test('[I1] of the same records is the same, and so are the events that readers get', () => {
    fc.assert(
      fc.property(bodies, (contents) => {
        const [one, other] = [new Fold(), new Fold()];
        for (const record of logOf(...contents)) {
          expect(one.apply(record)).toEqual(other.apply(record));
        }
        expect(one.task()).toEqual(other.task());
      }),
    );
  });

  test('[I1] does not depend on how its entries are spread over records', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 10 }), (entries) => {
        const [together, apart] = [new Fold(), new Fold()];
        const seen = (fold: Fold, contents: readonly (readonly Entry[])[]): unknown[] =>
          logOf(...contents).flatMap((record) =>
            fold.apply(record).deliveries.map(({ event, generation }) => ({ event, generation })),
          );
        expect(seen(together, [entries])).toEqual(
          seen(
            apart,
            entries.map((entry) => [entry]),
          ),
        );
        expect(together.task()).toEqual(apart.task());
        expect(together.state.sealed).toBe(apart.state.sealed);
        expect(together.state.next.generation).toBe(apart.state.next.generation);
      }),
    );
  });

  test('[I1] never writes to the events that it was given, or has handed out', () => {
    fc.assert(
      fc.property(bodies, (contents) => {
        const fold = new Fold();
        const records = logOf(...contents);
        const before = JSON.stringify(records);
        const handed: [unknown, string][] = [];
        for (const record of records) {
          const { deliveries } = fold.apply(record);
          handed.push([deliveries, JSON.stringify(deliveries)]);
          const task = fold.task();
          handed.push([task, JSON.stringify(task)]);
        }
        expect(JSON.stringify(records)).toBe(before);
        for (const [value, text] of handed) expect(JSON.stringify(value)).toBe(text);
      }),
    );
  });

  test('a Task event is delivered as the fold at its generation', () => {
    const fold = new Fold();
    const [first, second] = logOf(
      [start('r', { message: message('m1') }), { kind: 'event', event: taskOf(WORKING) }],
      [
        { kind: 'event', event: chunkOf('a', 'one') },
        { kind: 'event', event: taskOf(WORKING, { history: [message('m2')] }) },
        { kind: 'event', event: chunkOf('a', 'two', { append: true }) },
      ],
    );
    if (!first || !second) throw new Error('two records');
    fold.apply(first);
    const event = fold.apply(second).deliveries[1]?.event;
    if (event?.kind !== 'task') throw new Error('a Task event');
    expect(event.data.history.map((m) => m.messageId)).toEqual(['m1', 'm2']);
    expect(event.data.artifacts.map((a) => a.parts.length)).toEqual([1]);
  });

  test('a reader may write to a copy of the Task', () => {
    const fold = new Fold();
    for (const record of logOf([
      { kind: 'event', event: taskOf(WORKING, { history: [message('m')] }) },
    ])) {
      fold.apply(record);
    }
    const copy = fold.task();
    copy?.history.push(message('mine'));
    if (copy?.status) copy.status.timestamp = 'mine';
    expect(Task.toJSON(fold.task() ?? Task.fromJSON({}))).not.toEqual(copy && Task.toJSON(copy));
  });

  test('has no Task before the first Task event', () => {
    const fold = new Fold();
    for (const record of logOf([
      start('r', { message: message('m1') }),
      { kind: 'event', run: 'r', event: statusOf(WORKING) },
      { kind: 'event', run: 'r', event: chunkOf('a', 'x') },
    ])) {
      fold.apply(record);
    }
    expect(fold.task()).toBeUndefined();
    expect(fold.state.hasTask).toBe(false);
  });
});
