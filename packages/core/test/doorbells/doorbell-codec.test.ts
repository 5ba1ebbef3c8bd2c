import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Doorbell } from '../../src/doorbells/doorbell.ts';
import {
  decodeMessage,
  encodeDoorbell,
  isJoinable,
  joinMessages,
} from '../../src/doorbells/doorbell-codec.ts';
import { FIRST_SLOT } from '../../src/model/slot.ts';
import type { FleetKeySet } from '../../src/ports/fleet-keys.ts';
import { anyJson, anyText } from '../fixtures/arbitraries.ts';
import {
  anyDoorbell,
  anyKey,
  anyRecord,
  anySlot,
  checkOf,
  FLEET,
  sealOf,
} from '../fixtures/doorbells.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const allOf = (...doorbells: Doorbell[]) => ({ doorbells, unknown: 0, malformed: 0 });
const encoded = (bell: Doorbell, maxBytes = 1e9): string =>
  encodeDoorbell(bell, maxBytes, sealOf());
const decoded = (text: string) => decodeMessage(text, checkOf());
const anyMessage = fc
  .array(anyDoorbell, { minLength: 1, maxLength: 3 })
  .map((bells) => joinMessages(bells.map((bell) => encoded(bell))));

describe('a message', () => {
  test('gives back its doorbell', () => {
    fc.assert(
      fc.property(anyDoorbell, (bell) => {
        expect(decoded(encoded(bell, 1e9))).toEqual(allOf(bell));
      }),
      { numRuns: 300 },
    );
  });

  test('holds no character that a queue may refuse', () => {
    const everything = Array.from({ length: 0x2_0000 }, (_, code) => String.fromCodePoint(code));
    const bell: Doorbell = {
      kind: 'watch',
      key: { tenant: everything.join(''), owner: 'o', taskId: 't' },
      instance: 'i',
      watch: 'w',
      on: true,
      next: FIRST_SLOT,
    };
    const text = encoded(bell, 1e9);
    expect(text).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/);
    expect(decoded(text)).toEqual(allOf(bell));
  });

  test('joined from several gives back all doorbells in order, and is not longer than they are', () => {
    fc.assert(
      fc.property(fc.array(anyDoorbell, { minLength: 1, maxLength: 12 }), (bells) => {
        const texts = bells.map((bell) => encoded(bell, 1e9));
        const joined = joinMessages(texts);
        expect(texts.every(isJoinable)).toBe(true);
        expect(isJoinable(joined)).toBe(true);
        expect(decoded(joined)).toEqual(allOf(...bells));
        const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        expect(Buffer.byteLength(joined)).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  test('leaves out a record that would not fit, and keeps its slot', () => {
    fc.assert(
      fc.property(
        anyKey,
        anySlot,
        anyRecord,
        fc.integer({ min: -3, max: 3 }),
        (key, next, record, off) => {
          const bell: Doorbell = { kind: 'record', key, next, record };
          const whole = Buffer.byteLength(encoded(bell, 1e9));
          const text = encoded(bell, whole + off);
          expect(decoded(text)).toEqual(allOf(off >= 0 ? bell : { kind: 'record', key, next }));
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(whole + off);
        },
      ),
    );
  });

  test('of any other text is not authentic, and never throws', () => {
    const anything = fc.oneof(
      anyText,
      anyJson.map((json) => JSON.stringify(json)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(decoded(text)).toBe('unauthenticated');
      }),
      {
        numRuns: 500,
        examples: [
          ['{"v":2,"bells":[{"kind":"gone","instance":"i"}]}'],
          ['{"v":3,"bells":[]}'],
          ['{"v":3,"bells":[\n\n]}'],
          ['{"v":4}'],
        ],
      },
    );
  });

  test('that was changed in any place is not authentic', () => {
    const anyDamage = fc.record({
      place: fc.nat(),
      cut: fc.nat(4),
      put: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom(',\n', '\ud800', '\ufffd')),
    });
    fc.assert(
      fc.property(anyMessage, anyDamage, (text, { place, cut, put }) => {
        const at = place % text.length;
        const damaged = text.slice(0, at) + put + text.slice(at + cut);
        fc.pre(damaged !== text);
        expect(decoded(damaged)).toBe('unauthenticated');
      }),
      { numRuns: 1_000 },
    );
  });

  test('with one changed bit is not authentic', () => {
    const bytes = Buffer.from(encoded({ kind: 'gone', instance: 'i' }));
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decoded(flipped.toString('latin1'))).toBe('unauthenticated');
      expect(decoded(flipped.toString())).toBe('unauthenticated');
    }
  });

  test('that was truncated is not authentic', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), (text, at) => {
        expect(decoded(text.slice(0, at % text.length))).toBe('unauthenticated');
      }),
    );
  });

  test('of another fleet, or by another key, is not authentic', () => {
    const [first, second] = FLEET.keys;
    if (!first || !second) throw new Error('Two keys are needed.');
    const other = { ...first, secret: new Uint8Array(32).fill(7) };
    const strangers: FleetKeySet[] = [
      { ...FLEET, fleet: 'copied-table#prefix' },
      { ...FLEET, keys: [other] },
      { ...FLEET, keys: [{ ...other, id: 'key-3' }] },
      { ...FLEET, keys: [{ ...second, id: first.id }] },
    ];
    fc.assert(
      fc.property(anyDoorbell, (bell) => {
        for (const stranger of strangers) {
          const text = encodeDoorbell(bell, 1e9, sealOf(stranger));
          expect(decoded(text)).toBe('unauthenticated');
          expect(decoded(joinMessages([encoded(bell), text]))).toBe('unauthenticated');
        }
      }),
    );
  });

  test('by each key of the fleet is authentic', () => {
    const bell: Doorbell = { kind: 'gone', instance: 'i' };
    const former = { ...FLEET, keys: FLEET.keys.slice(1) };
    const text = encodeDoorbell(bell, 1e9, sealOf(former));
    expect(decoded(joinMessages([text, encoded(bell)]))).toEqual(allOf(bell, bell));
  });

  test('is not parsed before it is found authentic', () => {
    const parse = vi.spyOn(JSON, 'parse');
    expect(decodeMessage(encoded({ kind: 'gone', instance: 'i' }), () => 'forged')).toBe(
      'unauthenticated',
    );
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  test('is JSON, so the previous release finds that it has another version', () => {
    fc.assert(
      fc.property(anyMessage, (text) => {
        expect(JSON.parse(text)).toMatchObject({ v: 3 });
      }),
    );
  });

  test('counts its unreadable doorbells, and gives back the others', () => {
    const seal = sealOf();
    const line = (bell: string): string => `["${seal(bell).key}","${seal(bell).mac}",${bell}]`;
    const bells = [
      '{"kind":"later"}',
      '{"kind":"gone","instance":"i"}',
      '{"kind":"watch"}',
      '7',
      '{',
    ];
    expect(decoded(`{"v":3,"bells":[\n${bells.map(line).join(',\n')}\n]}`)).toEqual({
      doorbells: [{ kind: 'gone', instance: 'i' }],
      unknown: 1,
      malformed: 3,
    });
  });

  test('of another format is not joined', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(isJoinable(text)).toBe(false);
      }),
    );
  });
});
