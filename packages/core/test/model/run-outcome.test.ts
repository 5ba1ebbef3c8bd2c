import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import { pastState } from '../../src/model/past-state.ts';
import { type RetryRule, retriedRun } from '../../src/model/retried-run.ts';
import { firstEventGeneration, isUsed } from '../../src/model/run-outcome.ts';
import { slotAt } from '../../src/model/slot.ts';
import { EMPTY_STATE, type LogState } from '../../src/model/state.ts';
import {
  AUTH_REQUIRED,
  COMPLETED,
  chunkOf,
  INPUT_REQUIRED,
  message,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { logOf, start } from '../fixtures/records.ts';
import { restore, snapshotOf } from '../fixtures/snapshots.ts';

function foldOf(...contents: readonly (readonly Entry[])[]): Fold {
  const fold = new Fold();
  for (const record of logOf(...contents)) fold.apply(record);
  return fold;
}

/** The same log as another instance reads it: from a snapshot. */
function reread(fold: Fold): LogState {
  const other = new Fold();
  restore(other, snapshotOf(fold));
  return other.state;
}

const begun = (run: string, id: string, digest: string, more: object = {}): Entry =>
  start(run, { message: message(id), digest, ...more });
const event = (run: string | undefined, of: ReturnType<typeof taskOf>): Entry => ({
  kind: 'event',
  run,
  event: of,
});

describe('a message that has started a run', () => {
  const rules = (state: LogState): unknown[] =>
    (['always', 'unanswered', 'never'] satisfies RetryRule[]).map((rule) =>
      retriedRun(state, 'd', rule),
    );

  test.each<[string, Entry[], boolean]>([
    ['that is silent', [], false],
    ['that works', [event('r', taskOf(WORKING))], false],
    ['that asked its client', [event('r', taskOf(INPUT_REQUIRED))], true],
    [
      'that asked for credentials',
      [event('r', taskOf(WORKING)), event('r', statusOf(AUTH_REQUIRED))],
      true,
    ],
    ['that ended its task', [event('r', taskOf(COMPLETED))], true],
    ['that was answered', [{ kind: 'answer', run: 'r', message: message('a') }], true],
    ['that ended', [event('r', taskOf(WORKING)), { kind: 'end', run: 'r' }], true],
    ['that was canceled from outside', [event(undefined, taskOf(COMPLETED))], true],
  ])(
    '%s is sent again as long as it is unanswered, on every instance',
    (_, entries, isAnswered) => {
      const fold = foldOf([begun('r', 'm', 'd')], ...entries.map((entry) => [entry]));
      for (const state of [fold.state, reread(fold)]) {
        expect(rules(state)).toEqual(['r', isAnswered ? undefined : 'r', undefined]);
        expect(retriedRun(state, 'other', 'always')).toBeUndefined();
        expect(retriedRun(state, undefined, 'always')).toBeUndefined();
        expect(isUsed(state)).toBe(true);
      }
    },
  );

  test('is unanswered while the run that resumed it is', () => {
    const fold = foldOf(
      [begun('r', 'm', 'd'), event('r', taskOf(WORKING))],
      [{ kind: 'fence', instance: 'a' }, begun('s', 'm', 'd', { instance: 'b', resumes: 'r' })],
    );
    expect(retriedRun(fold.state, 'd', 'unanswered')).toBe('s');
    const answered = foldOf(
      [begun('r', 'm', 'd'), event('r', taskOf(WORKING))],
      [{ kind: 'fence', instance: 'a' }, begun('s', 'm', 'd', { instance: 'b', resumes: 'r' })],
      [event('s', statusOf(INPUT_REQUIRED))],
    );
    expect(retriedRun(answered.state, 'd', 'unanswered')).toBeUndefined();
  });

  test('is identified by its content, too: other messages may have its id', () => {
    const fold = foldOf([begun('r', 'm', 'd')], [begun('s', 'm', 'e')]);
    for (const state of [fold.state, reread(fold)]) {
      expect(retriedRun(state, 'd', 'always')).toBe('r');
      expect(retriedRun(state, 'e', 'always')).toBe('s');
    }
  });

  test('a log that contains only a fence counts as unused', () => {
    expect(isUsed(EMPTY_STATE)).toBe(false);
    expect(isUsed(foldOf([{ kind: 'fence', instance: 'a' }]).state)).toBe(false);
    expect(isUsed(foldOf([event(undefined, taskOf(WORKING))], [{ kind: 'deleted' }]).state)).toBe(
      true,
    );
  });
});

describe('the first event of a run', () => {
  const fold = foldOf(
    [begun('r', 'm', 'd')],
    [event('r', taskOf(INPUT_REQUIRED))],
    [begun('s', 'n', 'e')],
    [event('r', chunkOf('a', 'x')), event('s', chunkOf('b', 'x'))],
    [event('s', statusOf(WORKING))],
    [begun('t', 'o', 'f')],
  );

  test('is the first event that it published itself, whatever other runs publish', () => {
    for (const state of [fold.state, reread(fold)]) {
      expect(['r', 's', 't', 'none'].map((run) => firstEventGeneration(state, run))).toEqual([
        1,
        3,
        undefined,
        undefined,
      ]);
    }
  });

  test('is not known before it was written', () => {
    const at = (generation: number): LogState => pastState(fold.state, slotAt(generation));
    expect(firstEventGeneration(at(2), 'r')).toBe(1);
    expect(firstEventGeneration(at(2), 's')).toBeUndefined();
    expect(firstEventGeneration(at(4), 's')).toBe(3);
  });

  test('of a run that was resumed is that of the run that resumed it, unless it spoke itself', () => {
    const resumed = (...spoken: Entry[]): LogState =>
      foldOf(
        [begun('r', 'm', 'd'), ...spoken],
        [{ kind: 'fence', instance: 'a' }, begun('s', 'm', 'd', { instance: 'b', resumes: 'r' })],
        [event('s', taskOf(WORKING))],
      ).state;
    expect(firstEventGeneration(resumed(), 'r')).toBe(1);
    expect(firstEventGeneration(resumed(event('r', taskOf(WORKING))), 'r')).toBe(1);
  });
});

describe('a history with messages of one id', () => {
  const texts = (fold: Fold): unknown[] | undefined =>
    fold.task()?.history.map(({ parts }) => parts[0]?.content?.value);
  const said = (run: string, text: string): Entry =>
    start(run, { message: message('1', text), digest: `${run}-${text}` });

  test('[I1] has each that started a run, also the same twice, and a resumed one once', () => {
    const fold = foldOf(
      [said('r', 'yes'), event('r', taskOf(INPUT_REQUIRED, { history: [message('1', 'yes')] }))],
      [said('s', 'yes')],
      [said('t', 'no')],
      [{ kind: 'fence', instance: 'a' }, start('u', { message: message('1', 'no'), resumes: 't' })],
    );
    expect(texts(fold)).toEqual(['yes', 'yes', 'no']);
    const other = new Fold();
    restore(other, snapshotOf(fold));
    expect(texts(other)).toEqual(['yes', 'yes', 'no']);
  });

  test('takes from a Task only the messages of an id that it lacks', () => {
    const history = ['one', 'two', 'three'].map((text) => message('1', text));
    const fold = foldOf(
      [said('r', 'one'), event('r', taskOf(WORKING, { history: history.slice(0, 2) }))],
      [event('r', taskOf(WORKING, { history }))],
      [event('r', taskOf(WORKING, { history: [message('1', 'rewritten')] }))],
    );
    expect(texts(fold)).toEqual(['one', 'two', 'three']);
  });

  test('takes a stored message unless an equal one is there', () => {
    const stored = (text: string): Entry => ({ kind: 'message', message: message('1', text) });
    const fold = foldOf(
      [event(undefined, taskOf(WORKING, { history: [message('1', 'one')] }))],
      [stored('two'), stored('one'), stored('two')],
    );
    expect(texts(fold)).toEqual(['one', 'two']);
  });
});
