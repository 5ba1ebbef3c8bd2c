import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { placeAt } from '../../src/model/place.ts';
import type { ConsumerOffsets } from '../../src/ports/consumer-offsets.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { silentLogger } from '../../src/ports/logger.ts';
import { OffsetWriter } from '../../src/queues/offset-writer.ts';
import { KEY } from '../fixtures/events.ts';
import { type Hook, lost, noAnswer, pass } from '../fixtures/wrapped-storage.ts';

let clock: TestClock;
let saved: number[];
let way: Hook;
let writer: OffsetWriter;
let tries: number;
const warn = vi.fn<Logger['warn']>();
const error = vi.fn<Logger['error']>();

beforeEach(() => {
  warn.mockClear();
  error.mockClear();
  tries = 0;
  clock = new TestClock();
  saved = [];
  way = pass;
  const offsets: ConsumerOffsets = {
    load: async () => undefined,
    save: (_key, _consumer, { generation }) => {
      tries += 1;
      return way(async () => {
        saved.push(generation);
      });
    },
  };
  writer = new OffsetWriter(KEY, 'audit', {
    offsets,
    clock,
    logger: { ...silentLogger, warn, error },
  });
});

const acknowledge = (...generations: readonly number[]): void => {
  for (const generation of generations) writer.acknowledge(placeAt(generation));
};

describe('an acknowledged place', () => {
  test('is remembered at once, then at most once a second', async () => {
    acknowledge(1);
    await flush();
    acknowledge(2, 3, 4);
    await flush();
    expect(saved).toEqual([1]);
    acknowledge(5);
    await clock.advance(1_000);
    expect(saved).toEqual([1, 5]);
    // Nothing new, nothing written, and nothing waited for.
    await clock.advance(5_000);
    expect(saved).toEqual([1, 5]);
    expect(clock.pending).toBe(0);
    acknowledge(6);
    await flush();
    expect(saved).toEqual([1, 5, 6]);
  });

  test('is remembered when it is flushed, which leaves no timer', async () => {
    acknowledge(1);
    acknowledge(2);
    await writer.flush();
    expect(saved.at(-1)).toBe(2);
    expect(clock.pending).toBe(0);
    await writer.flush();
    expect(saved.filter((g) => g === 2)).toHaveLength(1);
    acknowledge(3);
    await writer.flush();
    expect(saved.at(-1)).toBe(3);
  });

  test('[I3] is saved after a failure, together with later ones; the failure is logged once', async () => {
    way = lost;
    acknowledge(1);
    await clock.advance(3_500);
    acknowledge(2);
    way = pass;
    await clock.advance(1_000);
    expect(saved).toEqual([2]);
    expect(warn.mock.calls).toEqual([
      ['consumer.save-failed', expect.objectContaining({ code: noAnswer().code })],
    ]);
  });

  test('is tried once if it is refused, and the error is logged once', async () => {
    way = () => Promise.reject(new BackendError('access-denied', 'No.'));
    acknowledge(1);
    await clock.advance(60_000);
    expect(tries).toBe(1);
    expect(clock.pending).toBe(0);
    acknowledge(2, 3, 4);
    await clock.advance(60_000);
    // At once, and later the place that was acknowledged meanwhile.
    expect(tries).toBe(3);
    expect(error.mock.calls).toEqual([
      ['consumer.save-given-up', expect.objectContaining({ code: 'access-denied' })],
    ]);
    way = pass;
    acknowledge(5);
    await flush();
    expect(saved).toEqual([5]);
  });

  test('an acknowledgement after the end is not retried forever', async () => {
    await writer.flush();
    way = lost;
    acknowledge(1);
    await clock.advance(10 * 60_000);
    expect(tries).toBe(30);
    expect(clock.pending).toBe(0);
    expect(error.mock.calls).toEqual([
      ['consumer.save-given-up', expect.objectContaining({ code: noAnswer().code })],
    ]);
  });

  test('[I6] a flush ends even if it cannot save', async () => {
    way = lost;
    acknowledge(1);
    await writer.flush();
    expect(saved).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
