import fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterMs } from '../../src/pushes/retry-after.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY_MS = 86_400_000;

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 7 ', 7_000],
  ['86400', DAY_MS],
  ['99999999999999999999999999', DAY_MS],
  ['Sun, 29 Nov 2026 12:00:30 GMT', 30_000],
  ['Sunday, 29-Nov-26 12:00:30 GMT', 30_000],
  ['Sun, 29 Nov 2026 11:00:00 GMT', 0],
  ['Fri, 29 Nov 2126 12:00:00 GMT', DAY_MS],
])('%j', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each([undefined, '', '-1', '1.5', '1e3', '0x10', 'soon', '2026-11-29', 'Sun, GMT', '7, 8'])(
  '%j asks for no time',
  (header) => {
    expect(retryAfterMs(header, NOW)).toBeUndefined();
  },
);

test('Every other text asks for no time, or for one within a day.', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (header) => {
      const ms = retryAfterMs(header, NOW) ?? 0;
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(DAY_MS);
    }),
  );
});
