import { TaskState } from '@a2a-js/sdk';
import { RESUMABLE_STREAMS as SERVER_URI } from 'a2a-aws';
import { describe, expect, test } from 'vitest';
import { isAtRest, isTerminal } from '../src/event.ts';
import { gapOf, RESUMABLE_STREAMS, streamParameters } from '../src/extension.ts';
import { isUnique, randomUuid } from '../src/message-id.ts';
import { gap, status } from './fixtures/scripted-client.ts';

test('The client and the server name the same extension.', () => {
  expect(RESUMABLE_STREAMS).toBe(SERVER_URI);
});

test('A gap is read from its frame alone.', () => {
  expect(gapOf(gap(2, 5))).toEqual({ from: 2, to: 5 });
  expect(gapOf(status(2))).toBeUndefined();
});

describe('streamParameters', () => {
  test('adds the extension and the cursor', () => {
    expect(streamParameters(undefined, '')).toEqual({ 'A2A-Extensions': RESUMABLE_STREAMS });
    expect(streamParameters({ Authorization: 'x' }, 'c1')).toEqual({
      Authorization: 'x',
      'A2A-Extensions': RESUMABLE_STREAMS,
      'Last-Event-ID': 'c1',
    });
  });

  test('keeps the extensions of the caller, under each name of the header', () => {
    for (const name of ['A2A-Extensions', 'a2a-extensions', 'X-A2A-Extensions']) {
      expect(streamParameters({ [name]: 'urn:a, urn:b' }, '')).toEqual({
        'A2A-Extensions': `${RESUMABLE_STREAMS},urn:a, urn:b`,
      });
    }
  });
});

test('The states of a task have the numbers of the SDK.', () => {
  const names = (is: (state: number) => boolean): string[] =>
    Object.values(TaskState)
      .filter((state) => typeof state === 'number' && is(state))
      .map((state) => String(TaskState[state as number]).replace('TASK_STATE_', ''));
  const terminal = ['COMPLETED', 'FAILED', 'CANCELED', 'REJECTED'];
  expect(names(isTerminal).sort()).toEqual(terminal.sort());
  expect(names(isAtRest).sort()).toEqual([...terminal, 'INPUT_REQUIRED'].sort());
});

test('Message ids are globally unique by their form.', () => {
  const unique = [
    '0b0e3a52-9b1f-4c55-8f06-0d6b6e6f7b11',
    'msg_0b0e3a52-9b1f-4c55-8f06-0d6b6e6f7b11',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '0ujtsYcgvSTl8PAuAdqWYSMnLOv',
    'V1StGXR8_Z5jdHi6B-myT',
    randomUuid(),
  ];
  for (const id of unique) expect(isUnique(id), id).toBe(true);
  for (const id of ['', '1', 'msg-1', 'a-uuid', '0b0e3a52-9b1f-4c55-8f06']) {
    expect(isUnique(id), id).toBe(false);
  }
  const ids = Array.from({ length: 2_000 }, () => randomUuid());
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !form.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(2_000);
  // Each digit that may differ differs.
  const digits = Array.from({ length: 36 }, (_, at) => new Set(ids.map((id) => id[at])).size);
  expect(digits.filter((size) => size === 16)).toHaveLength(30);
});
