import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateMeter } from '../src/rate-meter.ts';

test('counts what has happened in the last second', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 60 }), (gaps) => {
      const meter = new RateMeter();
      let now = 1_700_000_000_000;
      const times = gaps.map((gap) => {
        now += gap;
        meter.count(now);
        return now;
      });
      const within = (ms: number): number => times.filter((time) => time > now - ms).length;
      expect(meter.perSecond(now)).toBeGreaterThanOrEqual(within(900));
      expect(meter.perSecond(now)).toBeLessThanOrEqual(within(1_000));
      expect(meter.perSecond(now + 1_000)).toBe(0);
    }),
  );
});

test('begins again at 0 when the clock is set back', () => {
  const meter = new RateMeter();
  for (let n = 0; n < 50; n += 1) meter.count(1_000_000 + n);
  meter.count(5_000);
  expect(meter.perSecond(5_000)).toBe(1);
  expect(meter.perSecond(5_950)).toBe(1);
  expect(meter.perSecond(6_000)).toBe(0);
});
