import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Doorbell } from '../../src/feed/doorbell.ts';
import {
  decodeMessage,
  encodeDoorbell,
  isJoinable,
  joinMessages,
} from '../../src/feed/doorbell-message.ts';
import { FIRST_SLOT } from '../../src/log/slot.ts';
import { anyJson, anyText } from '../fixtures/arbitraries.ts';
import { anyDoorbell, anyKey, anyRecord, anySlot } from '../fixtures/doorbells.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

/** True if the text says of which other version it is. */
function saysVersion(text: string): boolean {
  try {
    const version: unknown = (JSON.parse(text) as { v?: unknown } | null)?.v;
    return typeof version === 'number' && version !== 2;
  } catch {
    return false;
  }
}

const heard = (...bells: Doorbell[]) => ({ bells, unknown: 0, junk: 0 });
const CANARY = encodeDoorbell({ kind: 'canary', at: 7 }, 1e9);

describe('a message', () => {
  test('gives back its doorbell', () => {
    fc.assert(
      fc.property(anyDoorbell, (bell) => {
        expect(decodeMessage(encodeDoorbell(bell, 1e9))).toEqual(heard(bell));
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
    const text = encodeDoorbell(bell, 1e9);
    expect(text).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/);
    expect(decodeMessage(text)).toEqual(heard(bell));
  });

  test('made of several gives back all of them, in order, and is not longer than they are', () => {
    fc.assert(
      fc.property(fc.array(anyDoorbell, { minLength: 1, maxLength: 12 }), (bells) => {
        const texts = bells.map((bell) => encodeDoorbell(bell, 1e9));
        const joined = joinMessages(texts);
        expect(texts.every(isJoinable)).toBe(true);
        expect(isJoinable(joined)).toBe(true);
        expect(decodeMessage(joined)).toEqual(heard(...bells));
        const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        expect(Buffer.byteLength(joined)).toBeLessThanOrEqual(bytes);
      }),
    );
  });

  test('leaves out a record that would not fit, and keeps the pointer', () => {
    fc.assert(
      fc.property(
        anyKey,
        anySlot,
        anyRecord,
        fc.integer({ min: -3, max: 3 }),
        (key, next, record, off) => {
          const bell: Doorbell = { kind: 'record', key, next, record };
          const whole = Buffer.byteLength(encodeDoorbell(bell, 1e9));
          const text = encodeDoorbell(bell, whole + off);
          expect(decodeMessage(text)).toEqual(
            heard(off >= 0 ? bell : { kind: 'record', key, next }),
          );
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(whole + off);
        },
      ),
    );
  });

  test('of any other text is junk, and never throws', () => {
    const anything = fc.oneof(
      anyText,
      anyJson.map((json) => JSON.stringify(json)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        fc.pre(!saysVersion(text));
        expect(decodeMessage(text)).toBe('junk');
      }),
      { numRuns: 500, examples: [['{"v":"0"}'], ['[0]'], ['{"v":2}']] },
    );
  });

  test('never throws at one that was damaged on its way', () => {
    fc.assert(
      fc.property(
        fc.array(anyDoorbell, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat(4),
        fc.string({ maxLength: 3 }),
        (bells, place, cut, junk) => {
          const text = joinMessages(bells.map((bell) => encodeDoorbell(bell, 1e9)));
          const at = place % text.length;
          const damaged = text.slice(0, at) + junk + text.slice(at + cut);
          expect(() => decodeMessage(damaged)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of another version, older or newer, is not for this release: deploys roll', () => {
    for (const version of ['"v":1', '"v":3', '"v":2.5']) {
      expect(decodeMessage(CANARY.replace('"v":2', version))).toBe('other-version');
    }
    expect(decodeMessage('{"v":1,"kind":"canary"}')).toBe('other-version');
    expect(decodeMessage(CANARY.replace('"v":2', '"v":"2"'))).toBe('junk');
    expect(decodeMessage('{"v":2,"bells":[]}')).toBe('junk');
  });

  test('counts the doorbells in it that it does not know, and takes the others', () => {
    const text = '{"v":2,"bells":[{"kind":"later"},{"kind":"canary","at":7},{"kind":"watch"},7]}';
    expect(decodeMessage(text)).toEqual({
      bells: [{ kind: 'canary', at: 7 }],
      unknown: 1,
      junk: 2,
    });
  });

  test('that is none is not joined', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(isJoinable(text)).toBe(false);
      }),
    );
  });
});
