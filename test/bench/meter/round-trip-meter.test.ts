import { expect, it } from 'vitest';
import { RoundTripMeter } from './round-trip-meter.ts';

/** Returns a call that ends when the test ends it. */
function call() {
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { wait: () => ended, end };
}

it('counts calls that are under way together as one round trip', async () => {
  const meter = new RoundTripMeter();
  const [a, b] = [call(), call()];
  const both = [meter.count(a.wait), meter.count(b.wait)];
  a.end();
  b.end();
  await Promise.all(both);
  expect([meter.calls, meter.roundTrips]).toEqual([2, 1]);
});

it('counts a call after another as one more, also while a third is under way', async () => {
  const meter = new RoundTripMeter();
  const [slow, quick, next] = [call(), call(), call()];
  const first = meter.count(slow.wait);
  const second = meter.count(quick.wait);
  quick.end();
  await second;
  const third = meter.count(next.wait);
  next.end();
  await third;
  slow.end();
  await first;
  expect([meter.calls, meter.roundTrips]).toEqual([3, 2]);
});

it('counts a call that fails', async () => {
  const meter = new RoundTripMeter();
  const failing = () => Promise.reject(new Error('no'));
  await expect(meter.count(failing)).rejects.toThrow('no');
  expect([meter.calls, meter.roundTrips]).toEqual([1, 1]);
});
