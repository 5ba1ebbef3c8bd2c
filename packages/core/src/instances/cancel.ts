import type { Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import type { Clock } from '../clock.ts';
import { BackendError } from '../errors.ts';
import type { OpenLog } from '../feed/open-log.ts';
import { proposeCancel, proposeForcedCancel } from '../log/proposal.ts';
import { openRuns } from '../log/state.ts';
import type { TaskKey } from '../task-key.ts';
import type { InstanceRegistry } from './registry.ts';
import type { Runs } from './runs.ts';

/** What a cancel came to; `task` is the fold of the log at its end. */
export type CancelOutcome =
  | { readonly canceled: Task }
  | { readonly refused: 'not-found' | 'not-cancelable' };

export interface CancelDeps {
  readonly runs: Runs;
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
}

/**
 * Cancels a task from any instance: the wish goes into the log, where its runners find it; at the
 * deadline (milliseconds from now), or if none of them lives, CANCELED is written by force.
 */
export function cancelTask(
  key: TaskKey,
  deadlineMs: number,
  { runs, registry, clock }: CancelDeps,
): Promise<CancelOutcome> {
  return runs.under(key, 'cancel', async (open, run) => {
    await open.watch.hold();
    try {
      open.announce();
      const author = runs.author(key);
      const asked = await open.log.append(proposeCancel(author, run));
      if ('refused' in asked && asked.refused === 'not-found') return { refused: 'not-found' };
      if ('refused' in asked && asked.refused === 'fenced') throw fenced();
      if (await hasRunner(open, registry)) await settled(open, clock, deadlineMs);
      const forced = await open.log.append(proposeForcedCancel(author));
      if ('refused' in forced && forced.refused === 'fenced') throw fenced();
      const task = open.log.task();
      return task && open.log.state.status?.state === TaskState.TASK_STATE_CANCELED
        ? { canceled: task }
        : { refused: 'not-cancelable' };
    } finally {
      open.watch.release();
    }
  });
}

/** True if an instance of an open run may be alive. */
async function hasRunner(open: OpenLog, registry: InstanceRegistry): Promise<boolean> {
  const instances = new Set(openRuns(open.log.state).map(([, run]) => run.instance));
  for (const instance of instances) {
    if ((await registry.lease(instance))?.state === 'alive') return true;
  }
  return false;
}

/** Resolves when the log is sealed or no run is open, or at the deadline. */
function settled(open: OpenLog, clock: Clock, deadlineMs: number): Promise<void> {
  const over = (): boolean => open.log.state.sealed || openRuns(open.log.state).length === 0;
  if (over()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      unlisten();
      cancelTimer();
      resolve();
    };
    const unlisten = open.log.listen(() => {
      if (over()) done();
    });
    const cancelTimer = clock.after(deadlineMs, done);
  });
}

function fenced(): BackendError {
  return new BackendError('fenced', 'This instance was declared dead.');
}
