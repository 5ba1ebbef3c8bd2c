import type { Task } from '@a2a-js/sdk';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { TaskEvent } from '../../src/a2a/event.ts';
import { MAX_RECORD_BYTES } from '../../src/log/record-builder.ts';
import { Fold } from '../../src/model/fold.ts';
import { MAX_ENTRY_BYTES } from '../../src/model/record.ts';
import { importEntries } from '../../src/stores/import-entries.ts';
import { CANCELED, COMPLETED, chunkOf, message, taskOf, WORKING } from '../fixtures/events.ts';
import { recordAt } from '../fixtures/records.ts';

// Megabytes: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const taskWith = (fields: Partial<Task>, state = COMPLETED): Task =>
  taskOf(state, fields).data as Task;

const artifactWith = (artifactId: string, ...texts: readonly string[]): Task['artifacts'][0] => {
  const event: TaskEvent = chunkOf(artifactId, '');
  if (event.kind !== 'artifactUpdate' || !event.data.artifact) throw new Error('no chunk');
  const [part] = event.data.artifact.parts;
  if (!part) throw new Error('no part');
  const parts = texts.map((value) => ({ ...part, content: { $case: 'text' as const, value } }));
  return { ...event.data.artifact, parts };
};

/** The task of a log that is written so, one import after the other. */
function imported(...tasks: readonly Task[]): Task | undefined {
  const fold = new Fold();
  for (const task of tasks) {
    for (const entries of importEntries(fold.task(), task)) {
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      if (entries.length > 1) expect(bytes).toBeLessThanOrEqual(MAX_RECORD_BYTES);
      for (const entry of entries) expect(entry.bytes).toBeLessThanOrEqual(MAX_ENTRY_BYTES);
      fold.apply(
        recordAt(
          fold.state.next,
          entries.map(({ entry }) => entry),
        ),
      );
    }
  }
  return fold.task();
}

const large = 'x'.repeat(MAX_ENTRY_BYTES / 2);
const said = message('said', 'done', 'ROLE_AGENT');

describe('the entries of an import', () => {
  test('are one, of a task that fits into it: the task is there at once or not at all', () => {
    const task = taskWith({
      artifacts: [artifactWith('a', 'x'.repeat(MAX_RECORD_BYTES), 'y')],
      history: [message('m1'), said, message('m2')],
      metadata: { a: 1 },
    });
    const records = importEntries(undefined, task);
    expect(records.map((entries) => entries.length)).toEqual([1]);
    expect(imported(task)).toEqual(task);
  });

  test.each<[string, Partial<Task>]>([
    ['many artifacts', { artifacts: ['a', 'b', 'c'].map((id) => artifactWith(id, large)) }],
    ['one large artifact', { artifacts: [artifactWith('a', '1', large, large, large, '2')] }],
    ['a large history', { history: ['m1', 'm2', 'm3'].map((id) => message(id, large)) }],
  ])('are several, of a task with %s, and amount to it', (_, fields) => {
    const task = taskWith({
      history: [message('m1'), said],
      artifacts: [artifactWith('z', 'last')],
      metadata: { a: { b: 1 } },
      status: { state: COMPLETED, message: said, timestamp: '2026-01-01T00:00:00.000Z' },
      ...fields,
    });
    // Not the tasks themselves: a failure would print megabytes.
    expect(JSON.stringify(imported(task)) === JSON.stringify(task)).toBe(true);
  });

  test.each<[string, Partial<Task>]>([
    ['message', { history: [message('m1', large + large)] }],
    ['part', { artifacts: [artifactWith('a', large + large)] }],
    ['metadata', { metadata: { a: large + large } }],
  ])('cannot hold one %s that is larger than an entry', (_, fields) => {
    const tooLarge = expect.objectContaining({ code: 'event-too-large' });
    expect(() => importEntries(undefined, taskWith(fields))).toThrow(tooLarge);
  });

  test('are none if the task is there already', () => {
    fc.assert(
      fc.property(fc.constantFrom(WORKING, CANCELED), fc.boolean(), (state, hasMore) => {
        const fields = { history: [message('m1')], artifacts: [artifactWith('a', '1', '2')] };
        const task = taskWith(hasMore ? fields : {}, state);
        expect(importEntries(imported(task), task)).toEqual([]);
      }),
    );
  });

  test('have the last of two artifacts of one id, and are none after that', () => {
    const artifacts = [artifactWith('a', '1'), artifactWith('a', '2')];
    const task = taskWith({ artifacts }, WORKING);
    expect(imported(task)?.artifacts).toEqual([artifactWith('a', '2')]);
    expect(importEntries(imported(task), task)).toEqual([]);
  });

  test('of a task that continued bring it up to date, whatever was imported before', () => {
    const first = taskWith(
      { history: [message('m1')], artifacts: [artifactWith('a', '1')] },
      WORKING,
    );
    const later = taskWith({
      history: [message('m1'), message('m2')],
      artifacts: [artifactWith('a', '1', large, large, large), artifactWith('b', large)],
      metadata: { a: 1 },
    });
    expect(JSON.stringify(imported(first, later)) === JSON.stringify(later)).toBe(true);
  });
});
