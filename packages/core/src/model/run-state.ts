import type { Message } from '@a2a-js/sdk';
import type { Generation } from './generation.ts';
import { PersistentMap } from './persistent-map.ts';
import { inOneGo, type Sliced } from './sliced.ts';
import type { Slot } from './slot.ts';

/** One execution of the agent, as far as the log shows it. */
export interface RunState {
  readonly instance: string;
  /** Slot of the record that started it. */
  readonly start: Slot;
  readonly attempt: number;
  readonly messageId?: string | undefined;
  /** `lost`: its instance was fenced before the run ended. */
  readonly phase: 'open' | 'ended' | 'lost';
  /** Slot of the record that closed it. */
  readonly closedSlot?: Slot | undefined;
  /** The run that continues it. */
  readonly resumedBy?: string | undefined;
  /** The Message that is the run's result, if the run did not ask for input before. */
  readonly answer?: Message | undefined;
  /**
   * The generation after which its stream and its blocking answer end: that of its terminal event or
   * its first INPUT_REQUIRED, or the last one before its `answer` or `end`.
   */
  readonly resultGeneration?: Generation | undefined;
  /** Generation of its first AUTH_REQUIRED, which answers a blocking send but ends no stream. */
  readonly authGeneration?: Generation | undefined;
  /** Generation of its first event: the stream of its sender begins there. */
  readonly firstGeneration?: Generation | undefined;
}

/** The part of a state about its runs. */
export interface StateOfRuns {
  readonly runs: PersistentMap<RunState>;
  /** Ids of the runs that may still append. */
  readonly open: ReadonlySet<string>;
  /** Ids of lost runs that no run has resumed and that have no result yet. */
  readonly unsettled: ReadonlySet<string>;
}

/** Returns the part of a state about these runs. */
export function runsOf(runs: Iterable<readonly [string, RunState]>): StateOfRuns {
  return inOneGo(countingRuns(runs));
}

/** As {@link runsOf}, in slices. */
export function* countingRuns(runs: Iterable<readonly [string, RunState]>): Sliced<StateOfRuns> {
  const map = yield* PersistentMap.filling(runs);
  const open = new Set<string>();
  const unsettled = new Set<string>();
  for (const [id, run] of map) {
    if (run.phase === 'open') open.add(id);
    if (isUnsettled(run)) unsettled.add(id);
    yield COUNT_COST;
  }
  return { runs: map, open, unsettled };
}

/** Inspecting a run takes about as long as folding this many bytes of records. */
const COUNT_COST = 8;

/** Returns a run that begins. It has every field, because copies of objects with the same fields
 * in the same order are cheap. */
export function openRun(
  run: Pick<RunState, 'instance' | 'start' | 'attempt' | 'messageId'>,
): RunState {
  const { instance, start, attempt, messageId } = run;
  return {
    instance,
    start,
    attempt,
    messageId,
    phase: 'open',
    closedSlot: undefined,
    resumedBy: undefined,
    answer: undefined,
    resultGeneration: undefined,
    authGeneration: undefined,
    firstGeneration: undefined,
  };
}

/** Returns true for a lost run that no run has resumed and that has no result yet. */
export function isUnsettled({ phase, resumedBy, resultGeneration }: RunState): boolean {
  return phase === 'lost' && resumedBy === undefined && resultGeneration === undefined;
}
