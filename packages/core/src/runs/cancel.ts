import type { Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import { errorCode, fencedError } from '../errors.ts';
import { inSlices } from '../log/pace.ts';
import { taskFields } from '../logging/task-fields.ts';
import { proposeCancel, proposeForcedCancel } from '../model/proposal.ts';
import { type LogState, openRuns } from '../model/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { TaskKey } from '../task-key.ts';
import type { Intents } from './intents.ts';

/** The outcome of a cancel. `canceled` is the task as of the end of its log, whose state is `state`. */
export type CancelOutcome =
  | { readonly canceled: Task; readonly state: LogState }
  | { readonly refused: 'not-found' | 'not-cancelable' };

export interface CancelDeps {
  readonly intents: Intents;
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. Another instance must then cancel. */
  readonly signal: AbortSignal;
}

/**
 * Cancels a task from any instance. Appends a cancel request, which the instances of its open runs
 * read. At the deadline (milliseconds from now), or if none of them is alive, appends CANCELED.
 */
export function cancelTask(
  key: TaskKey,
  deadlineMs: number,
  { intents, registry, clock, logger, signal }: CancelDeps,
): Promise<CancelOutcome> {
  return intents.withIntent(key, 'cancel', async (open, run) => {
    const about = { ...taskFields(key), run };
    const author = intents.author(key);
    const asked = await open.log.append(proposeCancel(author, run));
    if ('refused' in asked && asked.refused === 'not-found') return { refused: 'not-found' };
    if ('refused' in asked && asked.refused === 'fenced') throw fencedError();
    const since = clock.now();
    const isWanted = 'appended' in asked || asked.refused === 'nothing';
    if (isWanted) logger.info('cancel.requested', about);
    const isRunning = await hasRunner(open, registry);
    if (isRunning) await open.log.until(hasStopped, { signal, timeoutMs: deadlineMs });
    const forced = await open.log.append(proposeForcedCancel(author));
    if ('refused' in forced && forced.refused === 'fenced') throw fencedError();
    const durationMs = Math.max(0, clock.now() - since);
    if ('appended' in forced && isRunning) logger.info('cancel.forced', { ...about, durationMs });
    const picture = open.log.picture();
    const { state } = open.log;
    const ending = state.status?.state;
    if (picture && ending === TaskState.TASK_STATE_CANCELED) {
      return { canceled: await inSlices(picture.copying(), clock), state };
    }
    if (isWanted) {
      const ended = ending === undefined ? undefined : TaskState[ending];
      logger.info('cancel.ignored', { ...about, state: ended, durationMs });
    }
    return { refused: 'not-cancelable' };
  });
}

/** Returns true if an instance of an open run may be alive. */
async function hasRunner(open: OpenLog, registry: InstanceRegistry): Promise<boolean> {
  const instances = new Set(openRuns(open.log.state).map(([, run]) => run.instance));
  for (const instance of instances) {
    if (await mayLive(instance, registry)) return true;
  }
  return false;
}

async function mayLive(instance: string, registry: InstanceRegistry): Promise<boolean> {
  try {
    return (await registry.lease(instance))?.state === 'alive';
  } catch (error) {
    // Written by another release. Only a readable lease proves that an instance is dead.
    if (errorCode(error) === 'corrupt-log') return true;
    throw error;
  }
}

/** Returns true once nothing works on the task any more. */
function hasStopped({ sealed, open }: LogState): true | undefined {
  return sealed || open.size === 0 || undefined;
}
