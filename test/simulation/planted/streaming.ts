import { core, type PlantedBug, server } from './planted-bug.ts';

const REST = 'return openRuns(state).every(([id]) => id === entry.run);';

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
      server('handler/task-stream.ts', 'if (answer) yield', 'if (answer && open.taps < 0) yield'),
    ],
  },
];
