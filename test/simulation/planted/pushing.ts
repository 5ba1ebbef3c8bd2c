import { type PlantedBug, server } from './planted-bug.ts';

const bus = (find: string, put: string): PlantedBug['patches'] => [
  server('runs/run-bus.ts', find, put),
];
const PUSH = 'this.#push?.(event, generation);';
const SEND = 'await this.#send(one);';

/** What push notifications must not tell, and must not leave out. */
export const PUSHING: readonly PlantedBug[] = [
  {
    name: 'pushes-before-it-is-durable',
    patches: bus(
      'else void this.#run.publish(event);',
      'else this.#push?.(event), void this.#run.publish(event);',
    ),
  },
  {
    name: 'pushes-no-status',
    patches: bus(PUSH, `if (event.kind !== 'statusUpdate') ${PUSH}`),
  },
  {
    name: 'pushes-twice',
    patches: [server('pushes/push-line.ts', SEND, `{ ${SEND} ${SEND} }`)],
  },
];
