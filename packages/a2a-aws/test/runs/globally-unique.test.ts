import { createHash } from 'node:crypto';
import { derivedUuid } from '@a2a-aws/core/internal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isGloballyUnique } from '../../src/runs/globally-unique.ts';
import { retryRule } from '../../src/runs/retry-detection.ts';

/** Bytes as random as those of true ids, the same in every run. */
function bytesOf(seed: string): Buffer {
  return createHash('sha512').update(seed).digest();
}

function text(seed: string, alphabet: string, length: number): string {
  const bytes = bytesOf(seed);
  return Array.from({ length }, (_, at) => alphabet[(bytes[at] ?? 0) % alphabet.length]).join('');
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** One id of each kind; `n` makes them different. */
const MAKERS: Readonly<Record<string, (n: number) => string>> = {
  UUIDv4: (n) => derivedUuid(`${n}`).replace(/^(.{14})./, '$14'),
  UUIDv7: (n) =>
    `019a8f3c-${derivedUuid(`${n}`)
      .slice(9)
      .replace(/^(.{5})./, '$17')}`,
  UUIDv8: (n) => derivedUuid(`${n}`),
  ULID: (n) => `01KBB7Q3WM${text(`${n}`, CROCKFORD, 16)}`,
  KSUID: (n) => `32xN7T${text(`${n}`, BASE62, 21)}`,
  nanoid: (n) => text(`${n}`, `${BASE62}_-`, 21),
};

describe('an id that is globally unique by the way in which it was made', () => {
  test.each(Object.keys(MAKERS))(
    '%s is recognized, alone and after a prefix, in either case',
    (kind) => {
      const make = MAKERS[kind] ?? String;
      const ids = Array.from({ length: 2_000 }, (_, n) => make(n));
      const told = (change: (id: string) => string): number =>
        ids.filter((id) => isGloballyUnique(change(id))).length / ids.length;

      // Some nanoids look like words.
      const least = kind === 'nanoid' ? 0.97 : 1;
      for (const prefix of ['', 'msg_', 'message-', 'user:12/', 'urn:uuid:']) {
        expect(told((id) => prefix + id)).toBeGreaterThanOrEqual(least);
      }
      if (kind.startsWith('UU') || kind === 'ULID') {
        expect(told((id) => id.toUpperCase())).toBe(1);
        expect(told((id) => id.toLowerCase())).toBe(1);
      }
      // Only as a whole, and only at the end. A ULID and one character more has the form of a KSUID.
      if (!kind.startsWith('UU')) return;
      expect(told((id) => `x${id}`)).toBe(0);
      expect(told((id) => `${id}-1`)).toBe(0);
      expect(told((id) => id.slice(1))).toBe(0);
    },
  );

  test.each([
    '550e8400-e29b-41d4-a716-446655440000',
    'F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '0ujtsYcgvSTl8PAuAdqWYSMnLOv',
    'V1StGXR8_Z5jdHi6B-myT',
  ])('%s, of the documentation of its kind', (id) => {
    expect(isGloballyUnique(id)).toBe(true);
  });

  test.each([
    '',
    '1',
    'msg-1',
    'message-000000000000000000001',
    'message-0000000000001',
    'tck-input-required-1a2b3c4d',
    'tck-stream-ordering-001',
    'tck-complete-task-1a2b3c4d-JSONRPC',
    '00000000-0000-0000-0000-000000000000',
    '00000000-0000-4000-8000-000000000001',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '11111111-2222-3333-4444-555555555555',
    'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
    '12345678-1234-1234-1234-123456789012',
    '12345678-1234-4234-8234-123456789012',
    '01234567-89ab-4cde-8f01-23456789abcd',
    'deadbeef-dead-4eef-beef-deadbeefdead',
    '550e8400e29b41d4a716446655440000',
    '{550e8400-e29b-41d4-a716-446655440000}',
    '00000000000000000000000001',
    '01AAAAAAAAAAAAAAAAAAAAAAAA',
    '20261128190340000000000001',
    'abcdefghijklmnopqrstuvwxyza',
    '000000000000000000000000001',
    'createMessageResponse',
    'abcdefghijklmnopqrstu',
    'ABCDEFGHIJKLMNOPQRSTU',
    'aBaBaBaBaBaBaBaBaBaBa',
    '2026-11-28-19-03-40-1',
    '2026-11-28T19:03:40.123Z',
    'what-is-the-weather-1',
    'User_Message_Number_1',
    'myMessage-For-Test-01',
    'msg_Alice-To-Bob_2024',
    'sendMessageTest1_Rev2',
    'Msg1_User2_Chat3_Try4',
    'd41d8cd98f00b204e9800998ecf8427e',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  ])('"%s" is none', (id) => {
    expect(isGloballyUnique(id)).toBe(false);
  });

  test('counters, dates, words and repetitions are not unique, however long they are', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const separator = fc.constantFrom('-', '_', ':', '/', '.', '');
    const counter = fc
      .tuple(word, separator, fc.nat(), fc.integer({ min: 1, max: 30 }))
      .map(([name, sign, n, width]) => `${name}${sign}${String(n).padStart(width, '0')}`);
    const date = fc
      .tuple(word, separator, fc.date({ noInvalidDate: true }))
      .map(([name, sign, at]) => `${name}${sign}${at.toISOString()}`);
    const words = fc.array(word, { minLength: 1, maxLength: 8 }).map((all) => all.join('-'));
    const repeated = fc
      .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 40 }))
      .map(([piece, times]) => piece.repeat(times));
    fc.assert(
      fc.property(fc.oneof(counter, date, words, repeated), (id) => {
        expect(isGloballyUnique(id)).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  test('any text at all is looked at without an error', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.constantFrom('', '\u{1f600}', '\ud800'),
        (a, b) => {
          const id = `${a}${b}${a}`;
          expect(isGloballyUnique(id)).toBeTypeOf('boolean');
        },
      ),
    );
  });
});

describe('whether a message is one that was sent before', () => {
  const unique = derivedUuid('message');

  test('depends on its id, unless the setting says otherwise', () => {
    expect(retryRule('auto', unique)).toBe('always');
    expect(retryRule('auto', '1')).toBe('unanswered');
    for (const id of [unique, '1']) {
      expect(retryRule('always', id)).toBe('always');
      expect(retryRule('never', id)).toBe('never');
    }
  });
});
