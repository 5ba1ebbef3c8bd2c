import { always, before, begin, never, replace } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Messages that are believed without a proof. */
export const TRUSTING: readonly PlantedBug[] = [
  {
    name: 'no-authentication',
    patches: [begin('checkSeal', "return 'authentic';")],
  },
  {
    name: 'mac-not-compared',
    patches: [
      always('checkSeal', 'timingSafeEqual($$$)'),
      replace('checkSeal', 'keys.find($_)', 'keys[0]'),
    ],
  },
  {
    name: 'canary-without-mac',
    patches: [
      before(
        'DoorbellReceiver.#onMessage',
        'this.#onStranger()',
        `if (text.includes('"kind":"canary"')) {
        this.#health.probeArrived(this.#deps.clock.now() - 1, this.#deps.clock.now());
      }`,
      ),
    ],
  },
  {
    name: 'appends-on-what-messages-brought',
    patches: [always('LogFold.isConfirmed', 'this.#confirmation.isWhole($_)')],
  },
  {
    name: 'table-not-compared',
    patches: [never('LogFold.#matches', '!this.#confirmation.matches($_)')],
  },
];
