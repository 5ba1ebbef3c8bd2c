import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BurstMeter } from '../../src/log/burst-meter.ts';

/** Returns whether a burst goes on after each of these events, and the meter. */
function play(times: readonly number[]): { bursts: boolean[]; meter: BurstMeter } {
  const meter = new BurstMeter();
  const bursts = times.map((at) => {
    meter.count(at);
    return meter.isBurst(at);
  });
  return { bursts, meter };
}

/** Returns the times of events with these gaps before them. */
function after(gaps: readonly number[]): number[] {
  let at = 1_000_000;
  return gaps.map((gap) => (at += gap));
}

describe('a burst', () => {
  test.each([0, 1])('begins with the third of several events %i ms apart', (gap) => {
    expect(play(after([0, gap, gap, gap])).bursts).toEqual([false, false, true, true]);
  });

  test('never begins while events are 3 ms apart or more', () => {
    const gaps = fc.array(fc.integer({ min: 3, max: 1_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, (gaps) => {
        expect(play(after(gaps)).bursts).not.toContain(true);
      }),
    );
  });

  test('of 1,000 events goes on for 17 ms without one, and ends after 18', () => {
    const times = after(new Array<number>(1_000).fill(1));
    const { meter } = play(times);
    const last = times.at(-1) ?? 0;
    expect(meter.isBurst(last + 17)).toBe(true);
    expect(meter.isBurst(last + 18)).toBe(false);
  });

  test('survives a busy event loop', () => {
    const gaps = [...new Array<number>(100).fill(1), 15, ...new Array<number>(15).fill(0), 1, 1];
    expect(play(after(gaps)).bursts.slice(10)).not.toContain(false);
  });

  test('ends if the clock is set back', () => {
    const { meter } = play(after(new Array<number>(100).fill(0)));
    meter.count(5);
    expect(meter.isBurst(5 + 24)).toBe(false);
  });
});
