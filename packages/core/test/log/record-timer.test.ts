import { TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import { Backlog } from '../../src/log/backlog.ts';
import { RecordTimer } from '../../src/log/record-timer.ts';
import { RateMeter } from '../../src/rate-meter.ts';

const clock = new TestClock();
let demand: RateMeter;

beforeEach(() => {
  demand = new RateMeter();
});

/** Plays a task with an event every `gapMs`, and returns the times of its records. */
class Stream {
  readonly records: number[] = [];
  readonly #timer = new RecordTimer({ clock, demand }, new Backlog());
  readonly #began = clock.now();

  publish(): void {
    this.#timer.noteArrival();
    this.#timer.schedule(100, () => {
      this.#timer.noteRecord(false);
      this.records.push(clock.now() - this.#began);
    });
  }
}

async function play(streams: readonly Stream[], gapMs: number, forMs: number): Promise<void> {
  for (let at = 0; at < forMs; at += gapMs) {
    for (const stream of streams) stream.publish();
    await clock.advance(gapMs);
  }
}

describe('a single stream', () => {
  test('of 30 events a second has a record for each event, at once', async () => {
    const stream = new Stream();
    await play([stream], 33, 3_300);
    expect(stream.records).toEqual(Array.from({ length: 100 }, (_, n) => n * 33));
  });

  test('of 200 events a second has a record for each event, at once', async () => {
    const stream = new Stream();
    await play([stream], 5, 5_000);
    expect(stream.records).toEqual(Array.from({ length: 1_000 }, (_, n) => n * 5));
  });

  test('in a burst writes less and less often, and at once again after a pause', async () => {
    const stream = new Stream();
    await play([stream], 1, 200);
    expect(stream.records).toEqual([0, 1, 6, 16, 36, 76, 126, 176]);
    await clock.advance(100);
    const before = stream.records.length;
    stream.publish();
    expect(stream.records).toHaveLength(before + 1);
  });

  test('writes 1,000 events at intervals of a millisecond in 24 records', async () => {
    const stream = new Stream();
    await play([stream], 1, 1_000);
    expect(stream.records).toHaveLength(24);
  });
});

test('50 streams of 30 events a second write four records a second each', async () => {
  const streams = Array.from({ length: 50 }, () => new Stream());
  await play(streams, 33, 5_016);
  for (const { records } of streams) {
    expect(records[0]).toBe(0);
    const last = records.filter((at) => at > 2_000);
    for (const [n, at] of last.entries()) if (n > 0) expect(at - (last[n - 1] ?? 0)).toBe(250);
  }
});

test('50 streams write their records at the same times', async () => {
  const streams = Array.from({ length: 50 }, () => new Stream());
  for (let at = 0; at < 5_000; at += 1) {
    for (const [n, stream] of streams.entries()) if (at % 33 === n % 33) stream.publish();
    await clock.advance(1);
  }
  const times = streams.flatMap(({ records }) => records.filter((at) => at > 2_000));
  expect(new Set(times).size).toBeLessThanOrEqual(3_000 / 25);
});

test('100 tasks with an event a second each delay no event', async () => {
  const streams = Array.from({ length: 100 }, () => new Stream());
  await play(streams, 1_000, 5_000);
  for (const { records } of streams) expect(records).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
});
