import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, expect, test, vi } from 'vitest';
import { LoopLoad, loopBusyMs } from '../../src/overload/loop-load.ts';
import { LateClock } from '../fixtures/late-clock.ts';

let clock: LateClock;
let loop: LoopLoad;
let busyMs: number;
let isNeeded: boolean;

beforeEach(() => {
  clock = new LateClock();
  busyMs = 0;
  loop = new LoopLoad(clock, () => busyMs);
  isNeeded = true;
});

test('the lag is the least of the last two measurements', async () => {
  clock.lateMs = 700;
  loop.measureWhile(() => isNeeded);
  await clock.advance(900);
  expect(loop.lagMs).toBe(0);
  await clock.advance(900);
  expect(loop.lagMs).toBe(700);
  clock.lateMs = 50;
  await clock.advance(900 + 250);
  expect(loop.lagMs).toBe(50);
});

test('one long turn is no lag', async () => {
  loop.measureWhile(() => isNeeded);
  await clock.advance(1_000);
  clock.lateMs = 5_000;
  await clock.advance(5_200);
  expect(loop.lagMs).toBe(0);
});

test('a clock that is set back is no lag', async () => {
  const wall = new TestClock();
  let offMs = 0;
  const set = new LoopLoad(
    {
      now: () => wall.now() + offMs,
      after: (ms, callback) => wall.after(ms, callback),
    },
    () => busyMs,
  );
  set.measureWhile(() => true);
  offMs = -60_000;
  await wall.advance(1_000);
  expect(set.lagMs).toBe(0);
});

test('measurements end when they are not needed, and leave no timer', async () => {
  loop.measureWhile(() => isNeeded);
  loop.measureWhile(() => isNeeded);
  clock.lateMs = 700;
  await clock.advance(5_000);
  expect([loop.lagMs, clock.pending]).toEqual([700, 1]);
  isNeeded = false;
  await clock.advance(5_000);
  expect([loop.lagMs, clock.pending]).toEqual([0, 0]);
});

test('the busy share is the least of three seconds', async () => {
  loop.measureWhile(() => isNeeded);
  const advance = async (share: number): Promise<void> => {
    busyMs += 200 * share;
    await clock.advance(200);
  };
  for (let at = 0; at < 14; at += 1) await advance(at === 2 ? 0.99 : 1);
  expect(loop.busyShare).toBe(0);
  await advance(1);
  expect(loop.busyShare).toBeCloseTo(0.99);
  for (let at = 0; at < 3; at += 1) await advance(1);
  expect(loop.busyShare).toBe(1);
  await advance(0.4);
  expect(loop.busyShare).toBeCloseTo(0.4);
  isNeeded = false;
  await advance(1);
  expect(loop.busyShare).toBe(0);
});

test('the busy time grows, also while a test framework replaces the global clocks', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const before = loopBusyMs();
    const end = process.hrtime.bigint() + 20_000_000n;
    while (process.hrtime.bigint() < end);
    expect(loopBusyMs() - before).toBeGreaterThan(10);
  } finally {
    vi.useRealTimers();
  }
});
