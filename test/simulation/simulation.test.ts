import { describe, expect, test, vi } from 'vitest';
import { playSchedule } from './schedule.ts';
import { simulate } from './simulation.ts';

// Many schedules: a machine under load may take its time.
vi.setConfig({ testTimeout: 600_000 });

/** `.ci/run` plays 2,000. */
const SCHEDULES = 300;

/**
 * Seeds that broke a law when they were first played. Each fault is also a planted bug, or has a test of
 * its own. Seeds of scenarios change their meaning: their faults have only a planted bug or a test.
 */
const REGRESSIONS: readonly (readonly [number, string])[] = [
  [70, 'a request went on in the next life of its process, and waited forever'],
  [4201, 'an executor began after its run had ended, and was never told to stop'],
  [275, 'a clock that was set back made a silent doorbell look proven'],
  [14257, 'a retried message got where its task ended, not where the run that continued it did'],
  [1838, 'a subscription stayed whose ARN an instance never learned, since the answer was lost'],
  [
    14728,
    'each followed the other, and nobody led: a place was taken, but the answer said it was not',
  ],
  [1873, 'an address was stored, but the answer was lost, and the clean-up stored the one before'],
];

describe('[I1] [I2] [I3] [I4] [I5] [I6] [I7] [I8] [I9] [I10] the backend under a simulated AWS', () => {
  test(`keeps its laws in ${SCHEDULES} schedules`, async () => {
    const seeds = Array.from({ length: SCHEDULES }, (_, n) => n + 1);
    const { schedules, failed } = await simulate({ seeds, workers: 1 });
    expect(failed).toEqual([]);
    expect(schedules).toBe(SCHEDULES);
  });

  test.each(REGRESSIONS)('seed %d: %s', async (seed) => {
    expect((await playSchedule(seed)).violations).toEqual([]);
  });

  // The second writes snapshots, the third sets push configs.
  test.each([3, 69, 108])('plays seed %d again exactly as before, at any time', async (seed) => {
    const first = await playSchedule(seed);
    vi.spyOn(Date, 'now').mockReturnValue(1);
    const second = await playSchedule(seed).finally(() => vi.restoreAllMocks());
    expect(first.trace).not.toBe('');
    expect(second).toEqual(first);
  });
});
