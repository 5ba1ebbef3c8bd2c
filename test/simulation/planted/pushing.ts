import { after, before, onlyIf } from '../patches/patch.ts';
import type { PlantedBug } from './planted-bug.ts';

/** Missing or wrong push notifications. */
export const PUSHING: readonly PlantedBug[] = [
  {
    name: 'pushes-before-it-is-durable',
    patches: [before('RunBus.publish', 'this.#run.publish($EVENT)', 'this.#push?.($EVENT);')],
  },
  {
    name: 'pushes-no-status',
    patches: [onlyIf('RunBus.#tell', 'this.#push?.($EVENT, $_)', "$EVENT.kind !== 'statusUpdate'")],
  },
  {
    name: 'pushes-twice',
    patches: [after('PushQueue.#pushAll', 'await this.#send($_)', '$MATCH;')],
  },
];
