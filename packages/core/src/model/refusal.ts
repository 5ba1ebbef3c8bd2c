/**
 * The reason why a proposal was refused. All but `running` and `generation` are final: a fact about a
 * prefix of the log stays true.
 *
 * - `sealed`: the task has ended; `fenced`: this instance was declared dead
 * - `run-closed`: the run has ended, or never started
 * - `duplicate`: the message has started a run before
 * - `used`: the log for a new task has been used before
 * - `generation`: the task has changed since the message's sender saw it
 * - `cancelling`: a cancel was requested, so no run starts
 * - `resumed`: the run to continue never started, has its result, is already continued, or was
 *   tried too often
 * - `not-found`: there is no task yet
 * - `running`: a run of the task is open
 * - `nothing`: the log contains the fact already
 */
export type Refusal =
  | 'sealed'
  | 'fenced'
  | 'run-closed'
  | 'duplicate'
  | 'used'
  | 'generation'
  | 'cancelling'
  | 'resumed'
  | 'not-found'
  | 'running'
  | 'nothing';
