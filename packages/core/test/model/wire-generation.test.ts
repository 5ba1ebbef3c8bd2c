import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import { proposeStart } from '../../src/model/proposal.ts';
import { EMPTY_STATE } from '../../src/model/state.ts';
import { wireGeneration } from '../../src/model/wire-generation.ts';
import { authorOf } from '../fixtures/author.ts';
import {
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { anyHistory } from '../fixtures/histories.ts';
import { logOf, start } from '../fixtures/records.ts';

const event = (run: string, said: ReturnType<typeof taskOf>): Entry => ({
  kind: 'event',
  run,
  event: said,
});

/**
 * A conversation: each record, and the generation after it by each rule. The second rule also counts
 * the messages of clients.
 */
const VECTORS: readonly (readonly [entries: readonly Entry[], events: number, both: number])[] = [
  [[start('run-1')], 0, 1],
  [[event('run-1', taskOf(WORKING))], 1, 2],
  [[event('run-1', chunkOf('a', 'one')), event('run-1', chunkOf('a', 'two'))], 3, 4],
  [[event('run-1', statusOf(INPUT_REQUIRED)), { kind: 'end', run: 'run-1' }], 4, 5],
  [[start('run-2')], 4, 6],
  [[{ kind: 'fence', instance: 'a' }], 4, 6],
  // An instance continues the run of a lost one: no message.
  [[start('run-3', { instance: 'b', attempt: 2, resumes: 'run-2' })], 4, 6],
  [[event('run-3', statusOf(COMPLETED))], 5, 7],
];

describe('the generation on the wire', () => {
  test('is a function of the log, by either rule', () => {
    const fold = new Fold();
    const records = logOf(...VECTORS.map(([entries]) => entries));
    for (const [at, [, events, both]] of VECTORS.entries()) {
      const record = records[at];
      if (record) fold.apply(record);
      expect(wireGeneration(fold.state), `after record ${at}`).toBe(events);
      expect(wireGeneration(fold.state, 'events-and-messages'), `after record ${at}`).toBe(both);
    }
  });

  test('[I2] never decreases, and its rule changes no record', () => {
    fc.assert(
      fc.property(anyHistory, (records) => {
        const fold = new Fold();
        let last = [0, 0];
        for (const record of records) {
          fold.apply(record);
          const rules = ['events', 'events-and-messages'] as const;
          const next = rules.map((rule) => wireGeneration(fold.state, rule));
          expect(next.every((value, at) => value >= (last[at] ?? 0))).toBe(true);
          last = next;
        }
        expect(last[0]).toBe(fold.generation);
      }),
    );
  });
});

describe('a start that requires a generation', () => {
  const entry = { ...start('run-9'), kind: 'start' } as Entry & { readonly kind: 'start' };
  const decide = (fold: Fold, ifGeneration: number) =>
    proposeStart(authorOf('c'), entry, { ifGeneration })(fold.state);

  function foldOf(...contents: readonly (readonly Entry[])[]): Fold {
    const fold = new Fold();
    for (const record of logOf(...contents)) fold.apply(record);
    return fold;
  }

  test('[I1] is refused unless the task has it', () => {
    const fold = foldOf(
      [start('run-1'), event('run-1', taskOf(WORKING))],
      [event('run-1', statusOf(INPUT_REQUIRED)), { kind: 'end', run: 'run-1' }],
    );
    expect(decide(fold, 2)).toHaveProperty('entries');
    for (const other of [0, 1, 3]) expect(decide(fold, other)).toEqual({ refused: 'generation' });
  });

  test('[I1] is refused while another message of that generation is worked on', () => {
    const begun = [[start('run-1'), event('run-1', taskOf(INPUT_REQUIRED))], [start('run-2')]];
    expect(decide(foldOf(...begun), 1)).toEqual({ refused: 'generation' });
    const over = foldOf(...begun, [{ kind: 'end', run: 'run-2' }]);
    expect(decide(over, 1)).toHaveProperty('entries');
  });

  test('[I1] is refused while a resumed run works on such a message, or a lost one waits for it', () => {
    const begun = [[start('run-1'), event('run-1', taskOf(INPUT_REQUIRED))], [start('run-2')]];
    const lost: Entry = { kind: 'fence', instance: 'a' };
    // A run of another instance keeps the lost one unsettled.
    const other = start('run-4', { instance: 'b', attempt: 2, resumes: 'run-1' });
    expect(decide(foldOf(...begun, [lost, other]), 1)).toEqual({ refused: 'generation' });
    const resumed = start('run-3', { instance: 'b', attempt: 2, resumes: 'run-2' });
    expect(decide(foldOf(...begun, [lost, resumed]), 1)).toEqual({ refused: 'generation' });
    const published = [event('run-3', statusOf(WORKING))];
    expect(decide(foldOf(...begun, [lost, resumed], published), 2)).toHaveProperty('entries');
  });

  test('[I1] knows of the events before it in the same record', () => {
    const propose = proposeStart(authorOf('a'), entry, { ifGeneration: 0 });
    const { generation } = new Fold();
    expect(propose(EMPTY_STATE, generation)).toHaveProperty('entries');
    expect(
      propose(EMPTY_STATE, foldOf([start('run-1'), event('run-1', taskOf(WORKING))]).generation),
    ).toEqual({
      refused: 'generation',
    });
  });
});
