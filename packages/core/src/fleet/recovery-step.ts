import type { FindResumer } from '../runs/resumption.ts';
import type { Role } from './role.ts';

/**
 * Whether this instance can execute the runs of dead instances again. `undecided` until the first
 * handler has been registered.
 */
export type Recovery = 'yes' | 'no' | 'undecided';

/** Returns the recovery that goes with a resumer, or with its absence. */
export function recoveryOf(resumer: ReturnType<FindResumer>): Recovery {
  if (resumer === 'undecided') return 'undecided';
  return resumer ? 'yes' : 'no';
}

/** The facts that decide about the resumable runs of a dead instance. */
export interface RecoverySituation {
  readonly role: Role;
  readonly recovery: Recovery;
  /** False before this instance takes work, and once it drains. */
  readonly isReady: boolean;
  /** True if another live instance is a server. */
  readonly othersServe: boolean;
  /** True if this instance has been undecided for a whole lease time. */
  readonly hasWaited: boolean;
}

/**
 * - `resume`: execute the runs again here
 * - `end`: end them as failed or canceled
 * - `wait`: leave the whole instance to a later round, or to another server
 * - `refuse`: leave the run, because this instance is stopping
 */
export type RecoveryStep = 'resume' | 'end' | 'wait' | 'refuse';

/** Returns the next step for the resumable runs of a dead instance. */
export function recoveryStep(situation: RecoverySituation): RecoveryStep {
  const { role, recovery, isReady, othersServe, hasWaited } = situation;
  // A round that is no server could only fail the runs.
  if (role === 'janitor') return othersServe ? 'wait' : 'end';
  if (recovery === 'undecided') return hasWaited ? 'end' : 'wait';
  if (recovery === 'no') return 'end';
  return isReady ? 'resume' : 'refuse';
}
