import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListedTask } from '../../src/model/listed-task.ts';
import { ListPage } from '../../src/stores/list-page.ts';
import { compareListPlaces } from '../../src/stores/list-place.ts';
import { WORKING } from '../fixtures/events.ts';

const anyTasks: fc.Arbitrary<ListedTask[]> = fc.uniqueArray(
  fc.record({
    taskId: fc.string({ maxLength: 3 }),
    latest: fc.nat(3),
    state: fc.constant(WORKING),
    writtenAtMs: fc.constant(0),
  }),
  { selector: ({ taskId }) => taskId, maxLength: 20 },
);

const pageOf = (tasks: readonly ListedTask[], size: number, behind?: ListedTask): ListPage => {
  const page = new ListPage(size, behind);
  for (const task of tasks) page.show(task);
  return page;
};

describe('a page of a list', () => {
  test('has the first tasks behind a place, in order, even if they arrive in another order', () => {
    fc.assert(
      fc.property(anyTasks, fc.integer({ min: 1, max: 8 }), fc.nat(20), (tasks, size, at) => {
        const sorted = tasks.toSorted(compareListPlaces);
        const behind = sorted[at];
        const rest = behind ? sorted.slice(at + 1) : sorted;
        const page = pageOf(tasks, size, behind);
        expect(page.tasks).toEqual(rest.slice(0, size));
        expect(page.total).toBe(tasks.length);
        expect(page.hasMore).toBe(rest.length > size);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps no more than it gives', () => {
    const page = new ListPage(3, undefined);
    for (let n = 0; n < 10_000; n += 1) {
      page.show({ taskId: `${n}`, latest: (n * 7_919) % 10_007, state: WORKING, writtenAtMs: 0 });
      expect(page.tasks.length).toBeLessThanOrEqual(3);
    }
    expect(page.total).toBe(10_000);
  });
});
