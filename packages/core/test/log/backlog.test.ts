import { describe, expect, test } from 'vitest';
import { Backlog, backlogLimit } from '../../src/log/backlog.ts';

const MEGABYTE = 1024 * 1024;

describe('a backlog', () => {
  test('counts a fixed size for each proposal besides its content', () => {
    const backlog = new Backlog(10_000);
    for (let n = 0; backlog.hasRoomFor(1) && n < 100; n += 1) backlog.add(1);
    expect(backlog.bytes).toBeGreaterThan(8_000);
    expect(backlog.bytes).toBeLessThanOrEqual(10_000);
  });

  test('of a task counts for its instance, too, and never takes all of it', () => {
    const whole = new Backlog(100_000);
    const [one, two] = [whole.ofTask(), whole.ofTask()];
    one.add(30_000);
    two.add(40_000);
    expect(whole.bytes).toBe(one.bytes + two.bytes);
    expect([one.hasRoomFor(15_000), two.hasRoomFor(15_000)]).toEqual([true, false]);
    // Each of the two alone would have room.
    expect([
      one.hasRoomFor(19_000),
      whole.ofTask().hasRoomFor(27_000),
      whole.ofTask().hasRoomFor(25_000),
    ]).toEqual([false, false, true]);
    two.remove(40_000);
    one.remove(30_000);
    expect([whole.bytes, one.bytes, two.bytes]).toEqual([0, 0, 0]);
  });

  test('reports a fill level of at most 1', () => {
    const backlog = new Backlog(100_000);
    expect(backlog.fullness).toBe(0);
    backlog.add(50_000);
    expect(backlog.fullness).toBeCloseTo(0.51, 2);
    // Proposals that end a run are taken all the same.
    backlog.add(60_000);
    expect(backlog.fullness).toBe(1);
  });

  test('is limited to a share of a small heap, and to a fixed size on larger heaps', () => {
    expect(backlogLimit(256 * MEGABYTE)).toBe(32 * MEGABYTE);
    expect(backlogLimit(4096 * MEGABYTE)).toBe(128 * MEGABYTE);
    expect(backlogLimit(32_768 * MEGABYTE)).toBe(128 * MEGABYTE);
  });
});
