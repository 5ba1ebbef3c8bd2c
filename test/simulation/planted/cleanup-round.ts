import { always, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Faults of the scheduled janitor when no instance is left. */
export const CLEANUP_ROUND: readonly PlantedBug[] = [
  {
    name: 'cleanup-round-ends-too-early',
    patches: [
      replace('runCleanupRound', 'longest > 0 ? longest + $MARGIN : 0', 'longest - $MARGIN'),
      replace('runCleanupRound', 'janitor.watchedMs < $HERE', 'longest - 3 * settings.beatMs'),
    ],
  },
  {
    name: 'cleanup-round-leaves-its-lease',
    patches: [remove('runCleanupRound', 'await registry.removeLease($_)')],
  },
  {
    name: 'no-sweep-by-tag',
    patches: [
      replace(
        'janitorRound',
        'await sweep.remove($$$)',
        '{ queues: 0, subscriptions: 0, failed: 0 }',
      ),
    ],
  },
  {
    name: 'sweep-ignores-leases',
    patches: [always('QueueSweep.#isOwnerless', '!(await hasLease($_))')],
  },
];
