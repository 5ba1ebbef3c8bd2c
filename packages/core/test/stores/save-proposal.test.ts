import type { Task, TaskState } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { Fold } from '../../src/model/fold.ts';
import { proposeSave } from '../../src/stores/save-proposal.ts';
import {
  AUTH_REQUIRED,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  message,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { recordAt } from '../fixtures/records.ts';

const second = (n: number): string => `2026-01-01T00:00:0${n}.000Z`;

const withStatus = (state: TaskState, timestamp?: string, said?: string): Task => ({
  ...(taskOf(state).data as Task),
  status: { state, timestamp, message: said === undefined ? undefined : message(said) },
});

const loaded = withStatus(WORKING, second(1));

/**
 * The task of a log in which each save was made by a request that had loaded the state before it.
 */
const after = (...saves: readonly [seen: Task | undefined, saved: Task][]): Task | undefined => {
  const fold = new Fold();
  for (const [seen, saved] of saves) {
    const decision = proposeSave(seen, saved).propose(fold.state);
    if ('refused' in decision) continue;
    fold.apply(
      recordAt(
        fold.state.next,
        decision.entries.map(({ entry }) => entry),
      ),
    );
  }
  return fold.task();
};

describe('two saves of requests that have not seen each other', () => {
  const auth = withStatus(AUTH_REQUIRED, second(3), 'log in');

  test.each<[string, string | undefined, TaskState]>([
    ['older', second(2), AUTH_REQUIRED],
    ['newer', second(4), INPUT_REQUIRED],
    ['as old', second(3), INPUT_REQUIRED],
    ['of no time', undefined, INPUT_REQUIRED],
    ['of a time that nobody can read', 'yesterday', INPUT_REQUIRED],
  ])('leave the newer status: the later save is %s', (_, timestamp, state) => {
    const input = withStatus(INPUT_REQUIRED, timestamp, 'which?');
    const task = after([undefined, loaded], [loaded, auth], [loaded, input]);
    expect(task?.status?.state).toBe(state);
    expect(task?.history.map(({ messageId }) => messageId)).toEqual(['log in', 'which?']);
  });

  test('leave all else that either adds, whichever status stays', () => {
    const more = { metadata: { key: 1 }, history: [message('m2')] };
    const input = { ...withStatus(INPUT_REQUIRED, second(2)), ...more };
    expect(after([undefined, loaded], [loaded, auth], [loaded, input])).toMatchObject({
      status: { state: AUTH_REQUIRED },
      metadata: { key: 1 },
      history: [{ messageId: 'log in' }, { messageId: 'm2' }],
    });
  });

  test('end the task if one of them does, in any order of their clocks', () => {
    const ended = withStatus(COMPLETED, second(2));
    expect(after([undefined, loaded], [loaded, auth], [loaded, ended])?.status?.state).toBe(
      COMPLETED,
    );
  });

  test('[I4] leave the first of two ends', () => {
    const [one, other] = [withStatus(COMPLETED, second(2)), withStatus(FAILED, second(3))];
    expect(after([undefined, loaded], [loaded, one], [loaded, other])).toEqual(one);
  });

  test('leave a newer status if a request saves a whole task without loading it', () => {
    const whole = { ...withStatus(WORKING, second(2)), metadata: { key: 1 } };
    const task = after([undefined, loaded], [loaded, auth], [undefined, whole]);
    expect(task?.status).toEqual(auth.status);
    expect(task?.metadata).toEqual({ key: 1 });
  });

  test('leave a newer status to one that changes metadata alone', () => {
    const saved = { ...loaded, metadata: { key: 1 } };
    const task = after([undefined, loaded], [loaded, auth], [loaded, saved]);
    expect(task?.status).toEqual(auth.status);
    expect(task?.metadata).toEqual({ key: 1 });
  });
});

test('A request whose clock was set back still sets a status, because it has loaded the one before.', () => {
  const back = withStatus(INPUT_REQUIRED, second(0));
  expect(after([undefined, loaded], [loaded, back])?.status).toEqual(back.status);
});

test('A save without changes appends no entry.', () => {
  const { propose, bytes } = proposeSave(loaded, loaded);
  expect(bytes).toBe(0);
  expect(propose(new Fold().state)).toEqual({ refused: 'nothing' });
});

test('[I1] A save with an unknown outcome may be repeated: no change is there twice.', () => {
  const chunk = { artifactId: 'a', name: '', description: '', metadata: undefined, extensions: [] };
  const parts = [message('x'), message('y')].flatMap((one) => one.parts);
  const saved = { ...loaded, artifacts: [{ ...chunk, parts }], history: [message('m2')] };
  expect(after([undefined, loaded], [loaded, saved], [undefined, saved])).toEqual(saved);
});
