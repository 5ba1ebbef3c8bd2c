import { core, type PlantedBug, table } from './planted-bug.ts';

/** Heads, and what the janitor does. */
export const CLEANING: readonly PlantedBug[] = [
  {
    name: 'head-unconditional',
    patches: [
      table('dynamodb-log-storage.ts', '(attribute_not_exists(#slot) OR #slot < :slot) AND ', ''),
    ],
    within: 200,
  },
  {
    name: 'row-before-head',
    patches: [
      core(
        'instances/runs.ts',
        'await open.head.settle().catch((error: unknown) => {',
        "await untilDone('run.remove', this.#deps, () => registry.removeRun(row));\n      await open.head.settle().catch((error: unknown) => {",
      ),
    ],
    within: 200,
  },
  {
    name: 'janitor-no-head',
    patches: [
      core('instances/janitor.ts', '      await open.head.settle();\n', ''),
      core(
        'instances/runs.ts',
        'await open.head.settle().catch((error: unknown) => {',
        "if (row.purpose !== 'clean') await open.head.settle().catch((error: unknown) => {",
      ),
    ],
    within: 200,
  },
  {
    name: 'fail-interrupted',
    patches: [core('log/proposal.ts', 'return rests ? undefined : LOST;', 'return LOST;')],
    within: 200,
  },
  {
    name: 'fail-over-live-runs',
    patches: [
      core(
        'log/proposal.ts',
        'if (openRuns(state).length > 0 || state.runs.size === 0) return undefined;',
        'if (state.runs.size === 0) return undefined;',
      ),
    ],
    within: 200,
  },
  {
    name: 'cancel-left-to-who-asked',
    patches: [
      core(
        'instances/cancel-deadline.ts',
        "if (reason === 'cancel') this.#begin();",
        "if (reason === 'cancel') return;",
      ),
    ],
    within: 200,
  },
  {
    name: 'cancel-left-open',
    patches: [
      core(
        'log/proposal.ts',
        'if (state.cancelRequested) return CANCELED;\n  const { status } = state;',
        'const { status } = state;',
      ),
    ],
    within: 200,
  },
  {
    name: 'resumable-not-first',
    patches: [
      core(
        'instances/janitor.ts',
        'rows.toSorted((a, b) => Number(isResumed(b)) - Number(isResumed(a)))',
        '[...rows]',
      ),
    ],
    within: 200,
  },
  {
    name: 'drain-ends-what-others-resume',
    patches: [
      core(
        'instances/instance.ts',
        'rows.filter(({ key }) => !left.has(taskKeyText(key)))',
        'rows.filter(({ key }) => taskKeyText(key) || left)',
      ),
    ],
    within: 200,
  },
  {
    name: 'drain-leaves-its-reach',
    patches: [
      core(
        'instances/instance.ts',
        'if (lease) await this.janitor.removeReach(lease);',
        'if (!lease) return;',
      ),
    ],
    within: 200,
  },
  {
    name: 'leader-for-ever',
    patches: [
      core(
        'instances/leadership.ts',
        'if (!silent || !(await registry.markDead(leader, silent.beat))) return true;',
        'if (!silent || silent.beat >= 0) return true;',
      ),
    ],
    within: 200,
  },
  {
    name: 'failed-cleaning-forgotten',
    patches: [core('instances/janitor.ts', 'this.#cleaning.delete(lease.instance);', '')],
    within: 200,
  },
];
