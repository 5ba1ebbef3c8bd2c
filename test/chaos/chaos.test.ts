import { expect, test } from 'vitest';
import { chaos } from './chaos.ts';

/** `.ci/run` sends 100. */
const SIGNALS = 12;

test('[I1] [I2] [I3] [I4] [I6] [I7] kills and pauses cause no lost or repeated event, no hanging task and no leak', {
  timeout: 600_000,
}, async () => {
  const { signals, tasks, connections, ...faults } = await chaos({ signals: SIGNALS, seed: 1 });
  expect(signals.SIGKILL + signals.SIGTERM + signals.SIGSTOP).toBe(SIGNALS);
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
