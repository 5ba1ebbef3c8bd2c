import { never, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** The first slot of a log. */
const FIRST = '{ generation: 1, part: 0 } as never';

/**
 * Missing or wrong push notifications. Rarer faults, such as those of claims, are found by the tests of the
 * core with kills anywhere.
 */
export const PUSHING: readonly PlantedBug[] = [
  {
    name: 'forgets-pushes-of-the-dead',
    patches: [remove('OrphanedRuns.#takeOverPushes', 'await pushes.secure($$$)')],
  },
  {
    name: 'pushes-from-the-beginning-of-the-log',
    patches: [
      replace('PushLane.constructor', 'const since = { place: { slot: $HERE, entry: 0 } }', FIRST),
      replace('PushLane.#deliverRecord', 'const { since } = $HERE', `{ since: ${FIRST} }`),
    ],
  },
  {
    name: 'skips-an-event-that-failed',
    patches: [never('PushLane.#deliverRecord', '!(await this.#deliver($_))')],
  },
  {
    name: 'gives-a-retry-another-id',
    patches: [replace('PushLane.#deliver', 'pushId($$$)', 'this.#deps.entropy.id()')],
  },
];
