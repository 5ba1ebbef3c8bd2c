import { expect, test } from 'vitest';
import { chaos } from './chaos.ts';

/** `.ci/run` deals 100. */
const BLOWS = 25;

test('[I1] [I2] [I3] [I4] [I6] [I7] kills and pauses lose, double, hang and leak nothing', {
  timeout: 600_000,
}, async () => {
  const { blows, tasks, connections, ...faults } = await chaos({ blows: BLOWS, seed: 1 });
  expect(blows.SIGKILL + blows.SIGTERM + blows.SIGSTOP).toBe(BLOWS);
  expect(tasks).toBeGreaterThan(0);
  expect(connections).toBeGreaterThan(tasks);
  expect(faults).toEqual({
    lost: 0,
    duplicated: 0,
    hung: [],
    twoTerminalStates: 0,
    otherFaults: [],
    leaked: [],
  });
});
