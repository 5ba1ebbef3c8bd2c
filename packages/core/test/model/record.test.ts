import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { countEvents, encode, parseBody, recordBody } from '../../src/model/record.ts';
import { anyEntry } from '../fixtures/arbitraries.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 60_000 });

describe('the body of a record', () => {
  test('[I1] gives back its entries in their order', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (entries) => {
        const encoded = entries.map(encode);
        expect(parseBody(recordBody(encoded))).toEqual(encoded.map(({ entry }) => entry));
      }),
    );
  });

  test('is as long as its entries and the commas and brackets between them', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (entries) => {
        const encoded = entries.map(encode);
        const bytes = encoded.reduce((sum, entry) => sum + entry.bytes + 1, 1);
        expect(Buffer.byteLength(recordBody(encoded))).toBe(bytes);
      }),
    );
  });

  test('is well-formed Unicode and can be stored anywhere, whatever its entries hold', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        expect(recordBody([encode(entry)]).isWellFormed()).toBe(true);
      }),
    );
  });

  test.each([
    '',
    'null',
    '{}',
    '[]',
    '[1]',
    '[{"k":"other"}]',
    '[{"k":"end"}]',
    '[{"k":"end","r":"r"}',
  ])('is not %s: that fails with a code', (body) => {
    expect(() => parseBody(body)).toThrowError(expect.objectContaining({ code: 'corrupt-log' }));
  });

  test('[I1] only events take a generation', () => {
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        expect(countEvents(entries)).toBe(entries.filter(({ kind }) => kind === 'event').length);
      }),
    );
  });
});
