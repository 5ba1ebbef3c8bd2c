import { core, type PlantedBug, server } from './planted-bug.ts';

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
      core('instances/patrol.ts', 'longest + settings.beatMs;', 'longest - 3 * settings.beatMs;'),
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
];
