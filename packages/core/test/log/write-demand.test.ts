import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteDemand } from '../../src/log/write-demand.ts';

test('counts the records of the last second', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 60 }), (gaps) => {
      const demand = new WriteDemand();
      let now = 1_700_000_000_000;
      const times = gaps.map((gap) => {
        now += gap;
        demand.count(now);
        return now;
      });
      const within = (ms: number): number => times.filter((time) => time > now - ms).length;
      expect(demand.perSecond(now)).toBeGreaterThanOrEqual(within(900));
      expect(demand.perSecond(now)).toBeLessThanOrEqual(within(1_000));
      expect(demand.perSecond(now + 1_000)).toBe(0);
    }),
  );
});

test('begins again at 0 when the clock is set back', () => {
  const demand = new WriteDemand();
  for (let n = 0; n < 50; n += 1) demand.count(1_000_000 + n);
  demand.count(5_000);
  expect(demand.perSecond(5_000)).toBe(1);
  expect(demand.perSecond(5_950)).toBe(1);
  expect(demand.perSecond(6_000)).toBe(0);
});
