import { always, never, remove, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** The first slot of a log. */
const FIRST = '{ generation: 1, part: 0 } as never';

/** Missing, repeated or wrong push notifications. */
export const PUSHING: readonly PlantedBug[] = [
  {
    name: 'forgets-pushes-of-the-dead',
    patches: [remove('OrphanedRuns.#takeOverPushes', 'await pushes.secure($$$)')],
  },
  {
    name: 'removes-intents-before-pushes-are-secured',
    patches: [remove('Intents.#removeIntent', 'await this.#deps.pushesSecured?.($$$)')],
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
    name: 'releases-while-another-asks',
    patches: [always('PushSession.#release', "released === 'released'")],
  },
  {
    name: 'does-not-hear-about-the-appends-of-others',
    patches: [
      replace('PushSession.#takeClaim', 'await this.#untilDone(() => ledger.ask($$$))', 'true'),
    ],
  },
  {
    name: 'gives-a-retry-another-id',
    patches: [replace('PushLane.#deliver', 'pushId($$$)', 'this.#deps.entropy.id()')],
  },
  {
    name: 'saves-no-progress',
    patches: [replace('PushSession.#current', 'return current', 'return new Map()')],
  },
];
