import { after, before, remove, replace, set } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Faults in an instance's care for its endpoint. */
export const DOORBELLS: readonly PlantedBug[] = [
  {
    name: 'lost-queue-not-replaced',
    patches: [
      before(
        'endpointStep',
        "endpoint?.isLost || fault === 'name-taken'",
        "if (endpoint?.isLost) return 'wait';",
      ),
    ],
  },
  {
    name: 'lost-subscription-not-noticed',
    patches: [
      replace('InstanceEndpoint.#isConfirmed', 'await fanout.confirm($$$)', '$MATCH || true'),
      set('SILENT_MS', '1e12'),
    ],
  },
  {
    name: 'new-queue-not-in-the-lease',
    patches: [remove('InstanceEndpoint.#replaceAddress', 'await this.#writeAddress($$$)')],
  },
  {
    name: 'former-queues-not-read',
    patches: [replace('toLease', '({ $$$, former: $HERE, $$$ })', 'undefined')],
  },
  {
    name: 'ready-only-with-a-doorbell',
    patches: [
      after(
        'Instance.start',
        'this.endpoint.maintainEndpoint()',
        `while (!this.logs.doorbells.view && !this.#end.signal.aborted) {
      await new Promise((go) => clock.after(500, () => go(undefined)));
    }`,
      ),
    ],
  },
];
