import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statusTime } from '../../src/a2a/status-time.ts';
import { anyText } from '../fixtures/arbitraries.ts';

describe('the time of a status', () => {
  test('is that of any date, to the millisecond', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(statusTime(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  test.each<[string, string]>([
    ['2026-01-01T00:00:00.123456789Z', '2026-01-01T00:00:00.123Z'],
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01t00:00z', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T00:00:00', '2026-01-01T00:00:00.000Z'],
  ])('of %s is %s', (text, time) => {
    expect(statusTime(text)).toBe(Date.parse(time));
  });

  test.each([undefined, '', 'yesterday', '5', 'Jan 1 2026', '2026-13-01', '2026-01-01T25:00Z'])(
    'of %s is none',
    (text) => {
      expect(statusTime(text)).toBeUndefined();
    },
  );

  test('of any text is none, or a number', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const time = statusTime(text);
        expect(time === undefined || Number.isInteger(time)).toBe(true);
      }),
    );
  });
});
