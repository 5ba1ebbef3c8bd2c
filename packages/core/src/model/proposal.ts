import { TaskState } from '@a2a-js/sdk';
import { agentMessage, isInterrupted, type TaskEvent } from '../a2a/event.ts';
import type { StartEntry } from './entry.ts';
import { type EncodedEntry, encode } from './record.ts';
import { isUsed, type RetryRule, retriedRun } from './run-outcome.ts';
import { compareSlots } from './slot.ts';
import { applyEntry, isResumable, type LogState, type RunState } from './state.ts';

/**
 * Why nothing was appended. Each but `running` is final: what was true of a prefix of the
 * log stays true.
 *
 * - `sealed`: the task has ended; `fenced`: the own instance was declared dead
 * - `run-closed`: the run has ended, or never started
 * - `duplicate`: the message has started a run before
 * - `used`: the log of what is to be a new task has been used before
 * - `cancelling`: cancel was requested, no run starts any more
 * - `resumed`: the run to continue never started, has its result, is continued already, or was
 *   tried too often
 * - `not-found`: there is no task yet
 * - `running`: the task is being worked on
 * - `nothing`: what was to be said is in the log already
 */
export type Refusal =
  | 'sealed'
  | 'fenced'
  | 'run-closed'
  | 'duplicate'
  | 'used'
  | 'cancelling'
  | 'resumed'
  | 'not-found'
  | 'running'
  | 'nothing';

/** What a proposal becomes on a given state. */
export type Decision =
  | { readonly entries: readonly EncodedEntry[] }
  | { readonly refused: Refusal };

/**
 * Something to append, decided against the exact state of the log at its slot: the conditional
 * write proves that state, so a decision needs no lock. May be asked again after a conflict.
 */
export type Proposal = (state: LogState) => Decision;

/** Stamps what the backend itself puts into a log. */
export interface Stamp {
  id(): string;
  /** ISO 8601. */
  timestamp(): string;
}

/** Who proposes, and for which task. */
export interface Author {
  readonly instance: string;
  readonly taskId: string;
  readonly stamp: Stamp;
}

/** An event of a run. A status or artifact that comes first is preceded by a SUBMITTED Task. */
export function proposeEvent(author: Author, run: string, event: EncodedEntry): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    const { entry } = event;
    if (state.hasTask || entry.kind !== 'event' || entry.event.kind === 'task') {
      return { entries: [event] };
    }
    // The event says whose context it is of; what the log knows may only be a default.
    const { contextId } = entry.event.data;
    const known = contextId ? { ...state, contextId } : state;
    const submitted = taskEvent(author, known, TaskState.TASK_STATE_SUBMITTED);
    return { entries: [encode({ kind: 'event', run, event: submitted }), event] };
  };
}

/** What a run's start requires of the log. */
export interface StartTerms {
  /** When the message is one that was sent before. @default `always` */
  readonly retry?: RetryRule | undefined;
  /** The run begins a task: a log that was used before is refused. @default false */
  readonly isNewTask?: boolean | undefined;
}

/** A run's start. */
export function proposeStart(author: Author, start: StartEntry, terms: StartTerms = {}): Proposal {
  const { retry = 'always', isNewTask = false } = terms;
  const encoded = encode({ ...start, kind: 'start' });
  return (state) => {
    if (retriedRun(state, start.digest, retry) !== undefined) return { refused: 'duplicate' };
    if (isNewTask && isUsed(state)) return { refused: 'used' };
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    if (state.cancelRequested) return { refused: 'cancelling' };
    return { entries: [encoded] };
  };
}

/**
 * The start of a run that continues one of the instance `dead`, and the end of that one's writing,
 * in one record: nobody sees the task without a runner in between.
 */
export function proposeResume(
  author: Author,
  start: StartEntry & { readonly resumes: string },
  dead: string,
): Proposal {
  const fence = encode({ kind: 'fence', instance: dead });
  const encoded = encode({ ...start, kind: 'start' });
  return (state) => {
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    if (state.cancelRequested) return { refused: 'cancelling' };
    if (!isResumable(state, start.resumes)) return { refused: 'resumed' };
    return { entries: state.fenced.has(dead) ? [encoded] : [fence, encoded] };
  };
}

/** A run's result without a task: its `answer` entry. It may leave the task open, as an end may. */
export function proposeAnswer(
  author: Author,
  run: string,
  answer: EncodedEntry,
  leavesOpen = false,
): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    if (leavesOpen && !state.cancelRequested) return { entries: [answer] };
    const after = applyEntry(state, answer.entry, state.next.generation);
    const closing = after.hasTask ? closingStatus(after) : undefined;
    return { entries: closing ? [answer, closingEntry(author, after, closing)] : [answer] };
  };
}

/** An error of the agent's, raised to its readers. It ends nothing, and the task stays as it is. */
export function proposeError(author: Author, run: string, error: EncodedEntry): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    return barred ? { refused: barred } : { entries: [error] };
  };
}

/**
 * A run's end. The last run to end leaves no task behind that looks as if it were worked on, unless
 * it `leavesOpen`: then others go on with the task.
 */
export function proposeEnd(author: Author, run: string, leavesOpen = false): Proposal {
  const end = encode({ kind: 'end', run });
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    if (leavesOpen && !state.cancelRequested) return { entries: [end] };
    const closing = closingStatus(applyEntry(state, end.entry, state.next.generation));
    return { entries: [closing ? closingEntry(author, state, closing, run) : end] };
  };
}

/** A run that failed: its task is FAILED, with a fixed text, or CANCELED if that was requested. */
export function proposeFailure(author: Author, run: string, text: string): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    const closing = state.cancelRequested ? CANCELED : { ...FAILED, text };
    return { entries: [closingEntry(author, state, closing, run)] };
  };
}

/** The wish to cancel; with no run open there is nobody to wait for. */
export function proposeCancel(author: Author, by: string): Proposal {
  return (state) => {
    if (!state.hasTask) return { refused: 'not-found' };
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    if (state.open.size === 0) return { entries: [closingEntry(author, state, CANCELED)] };
    if (state.cancelRequested) return { refused: 'nothing' };
    return { entries: [encode({ kind: 'cancel', by })] };
  };
}

/** CANCELED by force: the deadline has passed. */
export function proposeForcedCancel(author: Author): Proposal {
  return (state) => {
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    return { entries: [closingEntry(author, state, CANCELED)] };
  };
}

/**
 * The end of a dead instance's writing, and of its runs: fenced (also in an empty log), and if then
 * nobody works on the task and it does not rest in an interrupted state that is newer than all that
 * was left unfinished, CANCELED if that was requested, else FAILED.
 */
export function proposeFence(author: Author, dead: string): Proposal {
  const fence = encode({ kind: 'fence', instance: dead });
  return (state) => {
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    const fresh = !state.fenced.has(dead);
    const after = fresh ? applyEntry(state, fence.entry, state.next.generation) : state;
    const closing = orphanStatus(after);
    const entries = [
      ...(fresh ? [fence] : []),
      ...(closing ? [closingEntry(author, after, closing)] : []),
    ];
    return entries.length > 0 ? { entries } : { refused: 'nothing' };
  };
}

/** The task's deletion: of one that has ended or that nobody works on. */
export function proposeDelete(): Proposal {
  const deleted = encode({ kind: 'deleted' });
  return (state) => {
    if (!state.hasTask) return { refused: 'not-found' };
    return state.open.size > 0 ? { refused: 'running' } : { entries: [deleted] };
  };
}

interface Closing {
  readonly state: TaskState;
  readonly text: string;
}

const CANCELED: Closing = {
  state: TaskState.TASK_STATE_CANCELED,
  text: 'The task was canceled.',
};
const FAILED: Closing = {
  state: TaskState.TASK_STATE_FAILED,
  text: 'The agent ended without a final status.',
};
const LOST: Closing = {
  state: TaskState.TASK_STATE_FAILED,
  text: 'The instance that worked on the task was lost.',
};

function barrier(state: LogState, author: Author, run?: string): Refusal | undefined {
  if (state.sealed) return 'sealed';
  if (state.fenced.has(author.instance)) return 'fenced';
  if (run !== undefined && state.runs.get(run)?.phase !== 'open') return 'run-closed';
  return undefined;
}

/** What must be said when a run ends and `state`, the state after it, is what is left. */
function closingStatus(state: LogState): Closing | undefined {
  if (state.open.size > 0) return undefined;
  if (state.cancelRequested) return CANCELED;
  return isInterrupted(state.status?.state) ? undefined : FAILED;
}

/** What must be said when an instance was lost and `state`, fenced, is what is left. */
function orphanStatus(state: LogState): Closing | undefined {
  if (state.open.size > 0 || state.runs.size === 0) return undefined;
  const unfinished = [...state.runs.values()].filter(isUnfinished);
  // A log whose runs were all answered by a message has no task to end.
  if (!state.hasTask && unfinished.length === 0) return undefined;
  if (state.cancelRequested) return CANCELED;
  const { status } = state;
  const rests =
    status !== undefined &&
    isInterrupted(status.state) &&
    unfinished.every((run) => compareSlots(status.slot, run.start) > 0);
  return rests ? undefined : LOST;
}

function isUnfinished(run: RunState): boolean {
  return run.phase === 'lost' && run.resumedBy === undefined;
}

function closingEntry(
  author: Author,
  state: LogState,
  closing: Closing,
  run?: string,
): EncodedEntry {
  if (!state.hasTask) {
    return encode({
      kind: 'event',
      run,
      event: taskEvent(author, state, closing.state, closing.text),
    });
  }
  const contextId = state.contextId ?? '';
  return encode({
    kind: 'event',
    run,
    event: {
      kind: 'statusUpdate',
      data: {
        taskId: author.taskId,
        contextId,
        status: {
          state: closing.state,
          message: agentMessage(author.stamp.id(), author.taskId, contextId, closing.text),
          timestamp: author.stamp.timestamp(),
        },
        metadata: undefined,
      },
    },
  });
}

/** A Task that the log itself begins with. Its history is that of the fold: the runs' messages. */
function taskEvent(author: Author, state: LogState, status: TaskState, text?: string): TaskEvent {
  const contextId = state.contextId ?? '';
  return {
    kind: 'task',
    data: {
      id: author.taskId,
      contextId,
      status: {
        state: status,
        message:
          text === undefined
            ? undefined
            : agentMessage(author.stamp.id(), author.taskId, contextId, text),
        timestamp: author.stamp.timestamp(),
      },
      artifacts: [],
      history: [],
      metadata: undefined,
    },
  };
}
