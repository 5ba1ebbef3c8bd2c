import type { Message, TaskState } from '@a2a-js/sdk';
import { TaskState as State } from '@a2a-js/sdk';
import { eventStatus, isTerminal } from '../a2a/event.ts';
import { statusTime } from '../a2a/status-time.ts';
import type { Entry, EventEntry, StartEntry } from './entry.ts';
import { FIRST_SLOT, nextSlot, type Slot } from './slot.ts';

/** One execution of the agent, as the log knows it. */
export interface RunState {
  readonly instance: string;
  /** Slot of the record that started it. */
  readonly start: Slot;
  readonly attempt: number;
  readonly messageId?: string | undefined;
  /** `lost`: its instance was fenced before the run ended. */
  readonly phase: 'open' | 'ended' | 'lost';
  /** Slot of the record that closed it, whichever way. */
  readonly closedAt?: Slot | undefined;
  /** The run that continues it. */
  readonly resumedBy?: string | undefined;
  readonly answer?: Message | undefined;
  /**
   * Its own stream and its blocking answer end after this generation: that of its terminal event or
   * its first INPUT_REQUIRED, or the last one before its `answer` or `end`.
   */
  readonly resultAt?: number | undefined;
  /** Generation of its first AUTH_REQUIRED: answers a blocking send, ends no stream. */
  readonly authAt?: number | undefined;
  /** Generation of its first event: what its sender is told begins there. */
  readonly firstAt?: number | undefined;
}

/** What the next append must know: the small, immutable half of the fold. */
export interface LogState {
  readonly next: Slot;
  /** When the last record was written, by its writer's clock; milliseconds since the epoch. */
  readonly at: number;
  /** Nothing is appended any more. */
  readonly sealed: boolean;
  readonly deleted: boolean;
  /** A Task event is in the log: before that, the task is not found. */
  readonly hasTask: boolean;
  readonly status?: LogStatus | undefined;
  readonly contextId?: string | undefined;
  readonly runs: ReadonlyMap<string, RunState>;
  readonly fenced: ReadonlySet<string>;
  readonly cancelRequested: boolean;
  /** The last run that each message has started, by the message's digest. */
  readonly messages: ReadonlyMap<string, string>;
}

export interface LogStatus {
  readonly state: TaskState;
  /** Slot of the record that set it. */
  readonly slot: Slot;
  readonly timestamp: string;
  /** The latest timestamp of any status so far, in milliseconds since the epoch; 0 if none. */
  readonly latest: number;
}

export const EMPTY_STATE: LogState = {
  next: FIRST_SLOT,
  at: 0,
  sealed: false,
  deleted: false,
  hasTask: false,
  runs: new Map(),
  fenced: new Set(),
  cancelRequested: false,
  messages: new Map(),
};

/** The runs that may still append. */
export function openRuns(state: LogState): [string, RunState][] {
  return [...state.runs].filter(([, run]) => run.phase === 'open');
}

/** How often a message is executed at the most, the first time included. */
const MAX_ATTEMPTS = 3;

/** True if a run may be continued by another, were its instance lost. */
export function isResumable(state: LogState, id: string): boolean {
  const run = state.runs.get(id);
  if (!run || state.sealed || state.cancelRequested) return false;
  // What has its result, like a question to the user, is not to be done again.
  const isOpen = run.phase !== 'ended' && run.resultAt === undefined;
  return isOpen && run.resumedBy === undefined && run.attempt < MAX_ATTEMPTS;
}

/** Where a run's result stands: its answer is the Task after this generation, or a Message. */
export interface RunResult {
  readonly at: number;
  readonly answer?: Message | undefined;
}

/** The result of a run, followed through the runs that resumed it; nothing while it goes on. */
export function runResult(state: LogState, id: string): RunResult | undefined {
  const run = state.runs.get(id);
  // The end of the task ends all runs that have no result of their own, also those that were resumed.
  if (run?.resumedBy !== undefined) return runResult(state, run.resumedBy);
  return run?.resultAt === undefined ? undefined : { at: run.resultAt, answer: run.answer };
}

/**
 * The state after one entry of the record at `state.next`; `generation` is the entry's if it is an
 * event, else that of the next event. `next` moves only with {@link closeRecord}.
 */
export function stepEntry(state: LogState, entry: Entry, generation: number): LogState {
  // Nothing applies after a terminal status, but that the task was deleted.
  if (state.sealed && entry.kind !== 'deleted') return state;
  switch (entry.kind) {
    case 'event':
      return stepEvent(state, entry, generation);
    case 'start':
      return stepStart(state, entry);
    case 'message':
    case 'metadata':
      return state;
    case 'answer':
      return changeRuns(state, (id, run) =>
        id === entry.run && run.phase === 'open'
          ? { ...end(run, generation - 1, state.next), answer: entry.message }
          : run,
      );
    case 'end':
      return changeRuns(state, (id, run) =>
        id === entry.run && run.phase === 'open' ? end(run, generation - 1, state.next) : run,
      );
    case 'fence':
      return {
        ...changeRuns(state, (_, run) =>
          run.instance === entry.instance && run.phase === 'open'
            ? { ...run, phase: 'lost', closedAt: state.next }
            : run,
        ),
        fenced: new Set([...state.fenced, entry.instance]),
      };
    case 'cancel':
      return { ...state, cancelRequested: true };
    case 'deleted':
      return { ...state, sealed: true, deleted: true, hasTask: false };
  }
}

/** The state after a record with `events` events that was written at the time `at`. */
export function closeRecord(state: LogState, events: number, at: number): LogState {
  const next = nextSlot(state.next, events);
  // Nobody works on the task: what was lost without being resumed has its result here.
  const left = state.fenced.size > 0 && openRuns(state).length === 0;
  const settled = left
    ? changeRuns(state, (_, run) =>
        run.phase === 'lost' && run.resumedBy === undefined
          ? { ...run, resultAt: run.resultAt ?? next.generation - 1 }
          : run,
      )
    : state;
  return { ...settled, next, at };
}

function stepStart(state: LogState, entry: StartEntry): LogState {
  const runs = new Map(state.runs);
  runs.set(entry.run, {
    instance: entry.instance,
    start: state.next,
    attempt: entry.attempt,
    messageId: entry.message?.messageId,
    phase: 'open',
  });
  const resumed = entry.resumes === undefined ? undefined : runs.get(entry.resumes);
  if (entry.resumes !== undefined && resumed) {
    runs.set(entry.resumes, { ...resumed, resumedBy: entry.run });
  }
  const messages = new Map(state.messages);
  if (entry.message && entry.digest !== undefined) messages.set(entry.digest, entry.run);
  return { ...state, runs, messages, contextId: state.contextId ?? entry.contextId };
}

function stepEvent(before: LogState, entry: EventEntry, generation: number): LogState {
  const { event } = entry;
  const state = beginRun(before, entry.run, generation);
  if (event.kind === 'artifactUpdate' || (event.kind !== 'task' && !state.hasTask)) return state;
  const status = eventStatus(event);
  const current = status?.state ?? State.TASK_STATE_UNSPECIFIED;
  const timestamp = status?.timestamp ?? '';
  const stepped: LogState = {
    ...state,
    hasTask: true,
    contextId: event.kind === 'task' ? event.data.contextId : state.contextId,
    status: {
      state: current,
      slot: state.next,
      timestamp,
      latest: Math.max(state.status?.latest ?? 0, statusTime(timestamp) ?? 0),
    },
  };
  if (isTerminal(current)) {
    return {
      ...changeRuns(stepped, (_, run) =>
        run.phase === 'ended' ? run : end(run, generation, state.next),
      ),
      sealed: true,
    };
  }
  if (current === State.TASK_STATE_INPUT_REQUIRED) {
    return changeRuns(stepped, (id, run) =>
      id === entry.run ? { ...run, resultAt: run.resultAt ?? generation } : run,
    );
  }
  if (current === State.TASK_STATE_AUTH_REQUIRED) {
    return changeRuns(stepped, (id, run) =>
      id === entry.run ? { ...run, authAt: run.authAt ?? generation } : run,
    );
  }
  return stepped;
}

/** Notes where the run's first event is. */
function beginRun(state: LogState, id: string | undefined, generation: number): LogState {
  const run = id === undefined ? undefined : state.runs.get(id);
  if (id === undefined || !run || run.firstAt !== undefined) return state;
  return { ...state, runs: new Map(state.runs).set(id, { ...run, firstAt: generation }) };
}

function end(run: RunState, generation: number, at: Slot): RunState {
  return {
    ...run,
    phase: 'ended',
    closedAt: run.closedAt ?? at,
    resultAt: run.resultAt ?? generation,
  };
}

function changeRuns(state: LogState, change: (id: string, run: RunState) => RunState): LogState {
  const runs = new Map<string, RunState>();
  for (const [id, run] of state.runs) runs.set(id, change(id, run));
  return { ...state, runs };
}
