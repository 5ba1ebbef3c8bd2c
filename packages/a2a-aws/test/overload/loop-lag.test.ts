import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test } from 'vitest';
import { LoopLag } from '../../src/overload/loop-lag.ts';
import { LateClock } from '../fixtures/late-clock.ts';

let clock: LateClock;
let lag: LoopLag;
let isNeeded: boolean;

beforeEach(() => {
  clock = new LateClock();
  lag = new LoopLag(clock);
  isNeeded = true;
});

test('the lag is the least of the last two measurements', async () => {
  clock.lateMs = 700;
  lag.measureWhile(() => isNeeded);
  await clock.advance(900);
  expect(lag.milliseconds).toBe(0);
  await clock.advance(900);
  expect(lag.milliseconds).toBe(700);
  clock.lateMs = 50;
  await clock.advance(900 + 250);
  expect(lag.milliseconds).toBe(50);
});

test('one long turn is no lag', async () => {
  lag.measureWhile(() => isNeeded);
  await clock.advance(1_000);
  clock.lateMs = 5_000;
  await clock.advance(5_200);
  expect(lag.milliseconds).toBe(0);
});

test('a clock that is set back is no lag', async () => {
  const wall = new TestClock();
  let offMs = 0;
  const set = new LoopLag({
    now: () => wall.now() + offMs,
    after: (ms, callback) => wall.after(ms, callback),
  });
  set.measureWhile(() => true);
  offMs = -60_000;
  await wall.advance(1_000);
  expect(set.milliseconds).toBe(0);
});

test('measurements end when they are not needed, and leave no timer', async () => {
  lag.measureWhile(() => isNeeded);
  lag.measureWhile(() => isNeeded);
  clock.lateMs = 700;
  await clock.advance(5_000);
  expect([lag.milliseconds, clock.pending]).toEqual([700, 1]);
  isNeeded = false;
  await clock.advance(5_000);
  expect([lag.milliseconds, clock.pending]).toEqual([0, 0]);
});
