import type { Task } from '@a2a-js/sdk';
import { isTerminal } from '../a2a/event.ts';
import { statusTime } from '../a2a/status-time.ts';
import type { Proposal } from '../model/proposal.ts';
import { encode } from '../model/record.ts';
import type { LogStatus } from '../model/state.ts';
import { differenceButStatus, taskDifference } from './task-difference.ts';

/** A save as a proposal, and about how many bytes it has. */
export interface ProposedSave {
  readonly propose: Proposal;
  readonly bytes: number;
}

/**
 * What the save of a task adds to the one that was loaded. Nothing enters a log that is sealed; and
 * where another has set a status since, the newer of the two stays, by their own timestamps. A
 * terminal status is taken whatever its timestamp, or the task would never end; of statuses without
 * timestamps, or with the same, the later save's.
 *
 * Throws `invalid-event` for what JSON cannot hold.
 */
export function proposeSave(loaded: Task | undefined, saved: Task): ProposedSave {
  const whole = taskDifference(loaded, saved).map(encode);
  return {
    propose: (state) => {
      if (state.sealed) return { refused: 'sealed' };
      const isOvertaken = state.status && overtakes(state.status, loaded?.status, saved.status);
      const entries = isOvertaken ? differenceButStatus(loaded, saved).map(encode) : whole;
      return entries.length > 0 ? { entries } : { refused: 'nothing' };
    },
    bytes: whole.reduce((sum, entry) => sum + entry.bytes, 0),
  };
}

/** True if the log's status is another's, set since the task was loaded, and newer than the saved. */
function overtakes(stored: LogStatus, loaded: Task['status'], saved: Task['status']): boolean {
  if (isTerminal(saved?.state)) return false;
  if (loaded && loaded.state === stored.state && (loaded.timestamp ?? '') === stored.timestamp) {
    return false;
  }
  const [theirs, own] = [statusTime(stored.timestamp), statusTime(saved?.timestamp)];
  return theirs !== undefined && own !== undefined && own < theirs;
}
