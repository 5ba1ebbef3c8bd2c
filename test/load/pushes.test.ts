import { expect, test } from 'vitest';
import { pushes } from '../chaos/pushes.ts';

test('[I6] killed servers and failing receivers cost push configurations no event', {
  timeout: 600_000,
}, async () => {
  const report = await pushes({ kills: 12, servers: 3, open: 12, chunks: 40, seed: 1 });
  const { tasks, events, repeated: _, ...faults } = report;
  expect(faults).toEqual({ missing: 0, disordered: 0, otherIds: 0, late: 0, failed: [] });
  // Each task has its Task, 40 chunks unless it was lost, and a last status.
  expect(events).toBeGreaterThan(2 * tasks);
  expect(tasks).toBeGreaterThanOrEqual(12);
});
