import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/model/entry.ts';
import { Fold } from '../../src/model/fold.ts';
import {
  DEFAULT_RETENTION_MS,
  expiresAt,
  isExpired,
  isHeadExpired,
  MIN_RETENTION_MS,
} from '../../src/model/retention.ts';
import { EMPTY_STATE, type LogState } from '../../src/model/state.ts';
import {
  AUTH_REQUIRED,
  CANCELED,
  COMPLETED,
  FAILED,
  INPUT_REQUIRED,
  REJECTED,
  SUBMITTED,
  statusOf,
  taskOf,
  WORKING,
} from '../fixtures/events.ts';
import { logOf, start } from '../fixtures/records.ts';

const R = DEFAULT_RETENTION_MS;

const stateOf = (...entries: readonly Entry[]): LogState => {
  const fold = new Fold();
  for (const record of logOf(entries)) fold.apply(record);
  return fold.state;
};

const working: Entry[] = [start('r'), { kind: 'event', run: 'r', event: taskOf(WORKING) }];

describe('a log', () => {
  test.each<[string, LogState]>([
    ['ended', stateOf(...working, { kind: 'event', event: statusOf(COMPLETED) })],
    ['waits for input', stateOf({ kind: 'event', event: taskOf(INPUT_REQUIRED) })],
    ['was left by its run', stateOf(...working, { kind: 'end', run: 'r' })],
    ['was left by an instance that died', stateOf(...working, { kind: 'fence', instance: 'a' })],
  ])('is invisible once more than the retention has passed since it %s', (_, state) => {
    expect(isExpired(state, state.writtenAtMs + R, R)).toBe(false);
    expect(isExpired(state, state.writtenAtMs + R + 1, R)).toBe(true);
  });

  test('that is being worked on never is', () => {
    const state = stateOf(...working);
    expect(isExpired(state, state.writtenAtMs + 1_000 * R, R)).toBe(false);
  });

  test('without records never is', () => {
    expect(isExpired(EMPTY_STATE, Date.now(), R)).toBe(false);
  });
});

describe('a head', () => {
  test.each([COMPLETED, FAILED, CANCELED, REJECTED])(
    'of state %i has the time of its end',
    (state) => {
      expect(isHeadExpired({ state, writtenAtMs: 5 }, 5 + R, R)).toBe(false);
      expect(isHeadExpired({ state, writtenAtMs: 5 }, 5 + R + 1, R)).toBe(true);
    },
  );

  test.each([SUBMITTED, WORKING, INPUT_REQUIRED, AUTH_REQUIRED])(
    'of state %i cannot: only the log knows when it was last worked on',
    (state) => {
      expect(isHeadExpired({ state, writtenAtMs: 5 }, 5 + 1_000 * R, R)).toBe(false);
    },
  );
});

describe('a stored item', () => {
  test('may be deleted only when it has been invisible for as long as it was visible', () => {
    for (const time of [0, 1, 999, 1_700_000_000_123]) {
      expect(expiresAt(time, R)).toBeGreaterThanOrEqual((time + 2 * R) / 1000);
      expect(expiresAt(time, R)).toBeLessThan((time + 2 * R) / 1000 + 1);
    }
  });

  test('is kept for at least a day', () => {
    expect(MIN_RETENTION_MS).toBe(86_400_000);
    expect(DEFAULT_RETENTION_MS).toBe(30 * 86_400_000);
  });
});
