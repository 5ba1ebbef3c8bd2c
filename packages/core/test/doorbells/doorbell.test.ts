import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { doorbellText, readDoorbell } from '../../src/doorbells/doorbell.ts';
import { slotAt } from '../../src/model/slot.ts';
import { anyJson } from '../fixtures/arbitraries.ts';
import { anyDoorbell, anyKey, anyRecord, anySlot } from '../fixtures/doorbells.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

describe('a doorbell', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(anyDoorbell, (bell) => {
        expect(readDoorbell(JSON.parse(doorbellText(bell, true)))).toEqual(bell);
      }),
      { numRuns: 300 },
    );
  });

  test('without its content contains only the place of the record', () => {
    fc.assert(
      fc.property(anyKey, anySlot, anyRecord, (key, next, record) => {
        const text = doorbellText({ kind: 'record', key, next, record }, false);
        expect(readDoorbell(JSON.parse(text))).toEqual({ kind: 'record', key, next });
        expect(text).not.toContain('body');
      }),
    );
  });

  test('of a later kind is unknown, of a known kind with wrong fields it is malformed', () => {
    expect(readDoorbell({ kind: 'later', key: 7 })).toBe('unknown');
    expect(readDoorbell({ kind: 'watch', key: 7 })).toBe('malformed');
    expect(readDoorbell({})).toBe('malformed');
    expect(readDoorbell(null)).toBe('malformed');
  });

  test('keeps its slot when a newer release wrote its record', () => {
    const at = '000000000001#000000';
    const record = { id: 'r', by: 'b', at: 1, slot: at, body: '[{"k":"from-the-future"}]' };
    const json = { kind: 'record', key: ['t', 'o', 'i'], next: '000000000002#000000', record };
    expect(readDoorbell(json)).toEqual({
      kind: 'record',
      key: { tenant: 't', owner: 'o', taskId: 'i' },
      next: slotAt(2),
    });
  });

  test('is read without an exception, whatever the JSON is', () => {
    const field = fc.oneof(anyJson, fc.constantFrom('000000000001#000000', 1, true));
    const almost = fc.record(
      {
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
        expect(() => readDoorbell(json)).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });
});
