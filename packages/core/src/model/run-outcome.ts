import type { Generation } from './generation.ts';
import { type LogState, type RunResult, runResult } from './state.ts';

/** Returns true if the log has been used: a new task must not be written into it. */
export function isUsed(state: LogState): boolean {
  return state.runs.size > 0 || state.hasTask || state.deleted;
}

/** Returns the answer to a blocking send of the run's message; `undefined` while the send must wait. */
export function blockingResult(state: LogState, run: string): RunResult | undefined {
  const authGeneration = authenticationAt(state, run);
  return (
    runResult(state, run) ??
    (authGeneration === undefined ? undefined : { generation: authGeneration })
  );
}

/** Returns the generation of the first event of a run, or of those that resumed it. */
export function firstEventGeneration(state: LogState, id: string): Generation | undefined {
  const run = state.runs.get(id);
  if (run?.firstGeneration !== undefined) return run.firstGeneration;
  return run?.resumedBy === undefined ? undefined : firstEventGeneration(state, run.resumedBy);
}

/** Returns where the run, or one that resumed it, first asked for credentials. */
function authenticationAt(state: LogState, id: string): Generation | undefined {
  const run = state.runs.get(id);
  if (run?.authGeneration !== undefined) return run.authGeneration;
  return run?.resumedBy === undefined ? undefined : authenticationAt(state, run.resumedBy);
}
