import { Gate } from '@a2a-aws/testkit/fakes';
import { expect, it } from 'vitest';
import { RoundTripMeter } from './round-trip-meter.ts';

it('counts calls that are under way together as one round trip', async () => {
  const meter = new RoundTripMeter();
  const [a, b] = [new Gate(), new Gate()];
  const both = [meter.count(() => a.opened), meter.count(() => b.opened)];
  a.open();
  b.open();
  await Promise.all(both);
  expect([meter.calls, meter.roundTrips]).toEqual([2, 1]);
});

it('counts a call after another as one more, also while a third is under way', async () => {
  const meter = new RoundTripMeter();
  const [slow, quick, next] = [new Gate(), new Gate(), new Gate()];
  const first = meter.count(() => slow.opened);
  const second = meter.count(() => quick.opened);
  quick.open();
  await second;
  const third = meter.count(() => next.opened);
  next.open();
  await third;
  slow.open();
  await first;
  expect([meter.calls, meter.roundTrips]).toEqual([3, 2]);
});

it('counts a call that fails', async () => {
  const meter = new RoundTripMeter();
  const failing = () => Promise.reject(new Error('no'));
  await expect(meter.count(failing)).rejects.toThrow('no');
  expect([meter.calls, meter.roundTrips]).toEqual([1, 1]);
});
