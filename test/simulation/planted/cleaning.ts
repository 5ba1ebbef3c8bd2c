import { core, type PlantedBug, table } from './planted-bug.ts';

/** Heads, and what the janitor does. */
export const CLEANING: readonly PlantedBug[] = [
  {
    name: 'head-unconditional',
    patches: [
      table('dynamodb-log-storage.ts', '(attribute_not_exists(#slot) OR #slot < :slot) AND ', ''),
    ],
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
  },
  {
    name: 'fail-interrupted',
    patches: [core('log/proposal.ts', 'return rests ? undefined : LOST;', 'return LOST;')],
  },
  {
    name: 'fail-over-live-runs',
    patches: [
      core(
        'log/proposal.ts',
        'if (state.open.size > 0 || state.runs.size === 0) return undefined;',
        'if (state.runs.size === 0) return undefined;',
      ),
    ],
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
  },
  {
    name: 'failed-cleaning-forgotten',
    patches: [core('instances/janitor.ts', 'this.#cleaning.delete(lease.instance);', '')],
  },
];
