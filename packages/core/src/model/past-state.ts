import { openRun, type RunState, runsOf } from './run-state.ts';
import { compareSlots, type Slot } from './slot.ts';
import type { LogState } from './state.ts';

/**
 * Returns the state of a log before the record at `slot`, or at its end, derived from a later `state`.
 * It contains the runs that were open there, so a reader that continues there sees the same as one
 * that read on. Facts that matter only to writers (messages, fences, a cancel) are those of `state`.
 */
export function pastState(state: LogState, slot: Slot): LogState {
  if (compareSlots(slot, state.next) >= 0) return state;
  const runs: [string, RunState][] = [];
  for (const [id, run] of state.runs) {
    if (compareSlots(run.start, slot) < 0) runs.push([id, pastRun(run, slot)]);
  }
  const { status: _, ...rest } = state;
  // After the record that seals a log only a deletion is left to read. The log begins with a Task.
  return {
    ...rest,
    ...runsOf(runs),
    next: slot,
    sealed: false,
    deleted: false,
    hasTask: slot.generation > 1,
  };
}

function pastRun(run: RunState, slot: Slot): RunState {
  if (run.closedSlot && compareSlots(run.closedSlot, slot) < 0) return run;
  const { firstGeneration } = run;
  const hasBegun = firstGeneration !== undefined && firstGeneration < slot.generation;
  return { ...openRun(run), firstGeneration: hasBegun ? firstGeneration : undefined };
}
