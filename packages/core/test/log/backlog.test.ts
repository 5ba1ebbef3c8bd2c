import { describe, expect, test } from 'vitest';
import { Backlog, backlogLimit } from '../../src/log/backlog.ts';

const MEGABYTE = 1024 * 1024;

describe('a backlog', () => {
  test('counts what each proposal takes, also one that says little', () => {
    const backlog = new Backlog(10_000);
    for (let n = 0; backlog.hasRoomFor(1) && n < 100; n += 1) backlog.add(1);
    expect(backlog.bytes).toBeGreaterThan(8_000);
    expect(backlog.bytes).toBeLessThanOrEqual(10_000);
  });

  test('of a task is a part of that of its instance, and never all of it', () => {
    const whole = new Backlog(100_000);
    const [one, two] = [whole.ofTask(), whole.ofTask()];
    one.add(30_000);
    two.add(40_000);
    expect(whole.bytes).toBe(one.bytes + two.bytes);
    expect([one.hasRoomFor(15_000), two.hasRoomFor(15_000)]).toEqual([true, false]);
    // Each of them would have room.
    expect([
      one.hasRoomFor(19_000),
      whole.ofTask().hasRoomFor(27_000),
      whole.ofTask().hasRoomFor(25_000),
    ]).toEqual([false, false, true]);
    two.remove(40_000);
    one.remove(30_000);
    expect([whole.bytes, one.bytes, two.bytes]).toEqual([0, 0, 0]);
  });

  test('tells how full it is, which is never more than full', () => {
    const backlog = new Backlog(100_000);
    expect(backlog.fullness).toBe(0);
    backlog.add(50_000);
    expect(backlog.fullness).toBeCloseTo(0.51, 2);
    // What ends a run is taken all the same.
    backlog.add(60_000);
    expect(backlog.fullness).toBe(1);
  });

  test('is limited to a part of a small heap, and to as much of any larger one', () => {
    expect(backlogLimit(256 * MEGABYTE)).toBe(32 * MEGABYTE);
    expect(backlogLimit(4096 * MEGABYTE)).toBe(128 * MEGABYTE);
    expect(backlogLimit(32_768 * MEGABYTE)).toBe(128 * MEGABYTE);
  });
});
