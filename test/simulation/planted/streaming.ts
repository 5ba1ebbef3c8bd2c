import { core, type PlantedBug, server } from './planted-bug.ts';

const REST =
  'return state.open.size === (entry.run !== undefined && state.open.has(entry.run) ? 1 : 0);';

/** Where streams end, and what they end with. */
export const STREAMING: readonly PlantedBug[] = [
  {
    name: 'ends-while-others-work',
    patches: [core('log/fold.ts', REST, 'return true;')],
  },
  {
    name: 'goes-on-while-it-waits',
    patches: [core('log/fold.ts', REST, 'return false;')],
  },
  {
    name: 'ends-where-it-asks-for-credentials',
    patches: [
      core(
        'log/fold.ts',
        'if (eventStatus(entry.event)?.state !== TaskState.TASK_STATE_INPUT_REQUIRED) return false;',
        'if (eventStatus(entry.event)?.state === TaskState.TASK_STATE_AUTH_REQUIRED) return true;\n  if (eventStatus(entry.event)?.state !== TaskState.TASK_STATE_INPUT_REQUIRED) return false;',
      ),
    ],
  },
  {
    name: 'ends-without-its-message',
    patches: [
      server(
        'handler/task-stream.ts',
        'if (result?.answer) yield messageFrame',
        'if (result?.answer && open.taps < 0) yield messageFrame',
      ),
    ],
  },
  {
    name: 'begins-with-how-the-task-was-left',
    patches: [
      server(
        'handler/task-stream.ts',
        'if (isSilent && result === undefined) return undefined;',
        'if (isSilent && !state.hasTask && result === undefined) return undefined;',
      ),
    ],
  },
  {
    name: 'ends-early-as-if-complete',
    patches: [
      server('handler/task-stream.ts', 'if (!step) throw interrupted();', 'if (!step) return;'),
    ],
  },
  {
    name: 'sends-clients-away-before-it-fails-its-runs',
    patches: [
      core(
        'instances/instance.ts',
        'janitor.\n    const lease = await within(clock, RETIRE_MS, this.#retire());',
        'janitor.\n    this.#away.abort();\n    const lease = await within(clock, RETIRE_MS, this.#retire());',
      ),
    ],
  },
];
