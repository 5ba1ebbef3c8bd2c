import { compareSlots, type Slot } from './slot.ts';
import { type LogState, openRun, type RunState, runsOf } from './state.ts';

/**
 * The state of a log where `slot`, one of its records or its end, is next, as seen from `state` at or
 * after it: which runs were open there, so that a reader that goes on from there sees what one that
 * was there saw. What only matters to those who append (messages, fences, a cancel) is as of `state`.
 */
export function pastState(state: LogState, slot: Slot): LogState {
  if (compareSlots(slot, state.next) >= 0) return state;
  const runs: [string, RunState][] = [];
  for (const [id, run] of state.runs) {
    if (compareSlots(run.start, slot) < 0) runs.push([id, pastRun(run, slot)]);
  }
  const { status: _, ...rest } = state;
  // Nothing but its deletion follows what seals a log, and the log begins with a Task.
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
