import type { Patch } from '../bundle.ts';
import { core, type PlantedBug, server } from './planted-bug.ts';

const sweep = (find: string, put: string): Patch => ({
  file: 'packages/sns-sqs/src/queue/queue-sweep.ts',
  find,
  put,
});

/** What the scheduled janitor does when nobody else is left. */
export const PATROLLING: readonly PlantedBug[] = [
  {
    name: 'patrol-leaves-too-early',
    patches: [
      core(
        'instances/patrol.ts',
        'const watchMs = longest > 0 ? longest + 2 * settings.beatMs : 0;',
        'const watchMs = longest - 2 * settings.beatMs;',
      ),
    ],
  },
  {
    name: 'patrol-forgets-itself',
    patches: [core('instances/patrol.ts', 'await registry.removeLease(deps.id);', ';')],
  },
  {
    name: 'no-sweep-by-tag',
    patches: [
      server(
        'janitor/janitor.ts',
        'const swept = await sweep.remove(suspects, signal);',
        'const swept = { queues: 0, subscriptions: 0, failed: 0 };',
      ),
    ],
  },
  {
    name: 'sweep-asks-for-no-lease',
    patches: [sweep('return !(await hasLease(queue.instance));', 'return true;')],
  },
];
