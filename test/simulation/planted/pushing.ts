import { type PlantedBug, server } from './planted-bug.ts';

const bus = (find: string, put: string): PlantedBug['patches'] => [
  server('runs/run-bus.ts', find, put),
];

/** What push notifications must not tell, and must not leave out. */
export const PUSHING: readonly PlantedBug[] = [
  {
    name: 'pushes-before-it-is-durable',
    patches: bus(
      'else void this.#run.publish(event);',
      'else this.#outlet.publish(event), void this.#run.publish(event);',
    ),
    within: 200,
  },
  {
    name: 'pushes-no-status',
    patches: bus(
      'run.onEvent((event) => outlet.publish(event));',
      "run.onEvent((event) => event.kind === 'statusUpdate' || outlet.publish(event));",
    ),
    within: 200,
  },
  {
    name: 'pushes-twice',
    patches: bus(
      'run.onEvent((event) => outlet.publish(event));',
      'run.onEvent((event) => [1, 2].map(() => outlet.publish(event)));',
    ),
    within: 200,
  },
];
