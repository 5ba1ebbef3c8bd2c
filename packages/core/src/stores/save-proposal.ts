import type { Task } from '@a2a-js/sdk';
import { isTerminal } from '../a2a/event.ts';
import { statusTime } from '../a2a/status-time.ts';
import type { Proposal } from '../model/proposal.ts';
import { encode } from '../model/record.ts';
import type { LogStatus } from '../model/state.ts';
import { differenceButStatus, taskDifference } from './task-difference.ts';

/** A save as a proposal, and its approximate size in bytes. */
export interface ProposedSave {
  readonly propose: Proposal;
  readonly bytes: number;
}

/**
 * Returns the changes in a saved task since it was loaded. A sealed log takes no entry. If another
 * writer has set a status since, the newer of the two statuses stays, by their own timestamps. If
 * the timestamps are equal, or one is missing, the later save's status is taken. A terminal status
 * is always taken, whatever its timestamp, or the task would never end.
 *
 * Throws `invalid-event` for a task that JSON cannot hold.
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

/**
 * Returns true if another writer set the log's status after the task was loaded, and it is newer
 * than the saved one.
 */
function overtakes(stored: LogStatus, loaded: Task['status'], saved: Task['status']): boolean {
  if (isTerminal(saved?.state)) return false;
  if (loaded && loaded.state === stored.state && (loaded.timestamp ?? '') === stored.timestamp) {
    return false;
  }
  const [theirs, own] = [statusTime(stored.timestamp), statusTime(saved?.timestamp)];
  return theirs !== undefined && own !== undefined && own < theirs;
}
