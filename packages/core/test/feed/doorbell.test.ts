import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type Doorbell, decodeDoorbell, encodeDoorbell } from '../../src/feed/doorbell.ts';
import type { Slot } from '../../src/log/slot.ts';
import { anyEntry, anyJson, anyText } from '../fixtures/arbitraries.ts';
import { recordAt } from '../fixtures/records.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

const key = fc.record({ tenant: anyText, owner: anyText, taskId: anyText });
const slot: fc.Arbitrary<Slot> = fc.record({
  generation: fc.integer({ min: 1, max: 1e9 }),
  sub: fc.nat(999_999),
});
const record = fc
  .tuple(slot, fc.array(anyEntry, { minLength: 1, maxLength: 3 }))
  .map(([at, entries]) => recordAt(at, entries));

const doorbell: fc.Arbitrary<Doorbell> = fc.oneof(
  fc.record({
    kind: fc.constant('record' as const),
    key,
    next: slot,
    record: fc.option(record, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('watch' as const),
    key,
    instance: anyText,
    watch: anyText,
    on: fc.boolean(),
  }),
  fc.constant<Doorbell>({ kind: 'canary' }),
);

describe('the doorbell codec', () => {
  test('gives back every doorbell', () => {
    fc.assert(
      fc.property(doorbell, (bell) => {
        expect(decodeDoorbell(encodeDoorbell(bell, 1e9))).toEqual(bell);
      }),
      { numRuns: 300 },
    );
  });

  test('leaves out a record that would not fit, and keeps the pointer', () => {
    fc.assert(
      fc.property(key, slot, record, fc.integer({ min: -3, max: 3 }), (taskKey, next, one, off) => {
        const bell: Doorbell = { kind: 'record', key: taskKey, next, record: one };
        const whole = Buffer.byteLength(encodeDoorbell(bell, 1e9));
        const text = encodeDoorbell(bell, whole + off);
        if (off >= 0) expect(decodeDoorbell(text)).toEqual(bell);
        else expect(decodeDoorbell(text)).toEqual({ ...bell, record: undefined });
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(whole + off);
      }),
    );
  });

  test('never throws, whatever text comes in', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyJson.map((json) => JSON.stringify(json)),
        ),
        (text) => {
          expect(decodeDoorbell(text)).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  test('never throws at what looks like a doorbell', () => {
    const field = fc.oneof(anyJson, fc.constantFrom('000000000001#000000', 1, true));
    const almost = fc.record(
      {
        v: fc.constantFrom(1, 1, 1, 2, '1'),
        kind: fc.constantFrom('record', 'watch', 'canary', 'other'),
        key: fc.oneof(field, fc.constant(['t', 'o', 'i'])),
        next: field,
        record: fc.oneof(
          field,
          fc.record({ id: field, by: field, at: field, slot: field, body: field }),
        ),
        instance: field,
        watch: field,
        on: field,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(almost, (json) => {
        expect(() => decodeDoorbell(JSON.stringify(json))).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test('never throws at a doorbell that was damaged on its way', () => {
    fc.assert(
      fc.property(doorbell, fc.nat(), fc.nat(), fc.string({ maxLength: 3 }), (bell, a, b, junk) => {
        const text = encodeDoorbell(bell, 1e9);
        const at = a % text.length;
        const damaged = text.slice(0, at) + junk + text.slice(at + (b % 5));
        expect(() => decodeDoorbell(damaged)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test('ignores another version: deploys roll', () => {
    const text = encodeDoorbell({ kind: 'canary' }, 1e9).replace('"v":1', '"v":2');
    expect(decodeDoorbell(text)).toBeUndefined();
  });
});
