import { always, before, never, onlyIf, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Faults of heads and of the janitor. */
export const CLEANING: readonly PlantedBug[] = [
  {
    name: 'head-unconditional',
    patches: [
      replace('DynamoDBLogStorage.putHead', '({ expression: $HERE, $$$ })', 'WRITABLE_HEAD'),
    ],
  },
  {
    name: 'row-before-head',
    patches: [
      before(
        'Intents.#removeIntent',
        'open.head.flush()',
        "await retryUntilDone('run.remove', this.#deps, () => registry.removeIntent(row));",
      ),
    ],
  },
  {
    name: 'janitor-no-head',
    patches: [
      remove('OrphanedRuns.#finishRun', 'await open.head.flush()'),
      onlyIf('Intents.#removeIntent', 'open.head.flush()', "row.purpose !== 'clean'"),
    ],
  },
  {
    name: 'fail-interrupted',
    patches: [never('orphanStatus', '$HERE ? undefined : LOST')],
  },
  {
    name: 'fail-over-live-runs',
    patches: [never('orphanStatus', 'state.open.size > 0')],
  },
  {
    name: 'cancel-left-to-who-asked',
    patches: [remove('RunnerCancelDeadline.constructor', 'this.#startTimer()')],
  },
  {
    name: 'cancel-left-open',
    patches: [never('orphanStatus', 'state.cancelRequested')],
  },
  {
    name: 'resumable-not-first',
    patches: [replace('OrphanedRuns.#finishLog', '$ROWS.toSorted($$$)', '[...$ROWS]')],
  },
  {
    name: 'drain-ends-what-others-resume',
    patches: [always('Retirement.#fenceRuns', '!left.has($_)')],
  },
  {
    name: 'drain-leaves-its-reach',
    patches: [remove('Retirement.#teardown', 'await cleanup.removeEndpoint($_)')],
  },
  {
    name: 'leader-forever',
    patches: [always('Leadership.#isAlive', '!silent || !(await registry.markDead($$$))')],
  },
  {
    name: 'cleans-up-for-other-tables',
    patches: [always('leaseOrigin', 'table === identity')],
  },
  {
    name: 'failed-cleaning-forgotten',
    patches: [remove('Janitor.#cleanUp', 'this.#cleaning.delete($_)')],
  },
];
