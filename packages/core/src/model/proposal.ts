import { TaskState } from '@a2a-js/sdk';
import { agentMessage, isInterrupted, type TaskEvent } from '../a2a/event.ts';
import type { PushEntry, StartEntry } from './entry.ts';
import type { Generation } from './generation.ts';
import { type EncodedEntry, encode } from './record.ts';
import type { Refusal } from './refusal.ts';
import { type RetryRule, retriedRun } from './retried-run.ts';
import { isUsed } from './run-outcome.ts';
import type { RunState } from './run-state.ts';
import { compareSlots } from './slot.ts';
import { applyEntry, isResumable, type LogState } from './state.ts';
import { isGeneration } from './wire-generation.ts';

/** The decision about a proposal on a given state. */
export type Decision =
  | { readonly entries: readonly EncodedEntry[] }
  | { readonly refused: Refusal };

/**
 * Decides which entries to append to a log in a given state. The conditional write proves that state,
 * so the decision needs no lock. It is called again after a conflict. `last` is the generation of the last
 * event before it, which may be in the same record.
 */
export type Proposal = (state: LogState, last?: Generation) => Decision;

/** Ids and timestamps for events of the backend itself. */
export interface Stamp {
  id(): string;
  /** ISO 8601. */
  timestamp(): string;
}

/** The instance that proposes, and the task. */
export interface Author {
  readonly instance: string;
  readonly taskId: string;
  readonly stamp: Stamp;
}

/** Proposes an event of a run. Puts a SUBMITTED Task before a status or artifact that comes first. */
export function proposeEvent(author: Author, run: string, event: EncodedEntry): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    const { entry } = event;
    if (state.hasTask || entry.kind !== 'event' || entry.event.kind === 'task') {
      return { entries: [event] };
    }
    // The event names its context; the one in the log may only be a default.
    const { contextId } = entry.event.data;
    const known = contextId ? { ...state, contextId } : state;
    const submitted = taskEvent(author, known, TaskState.TASK_STATE_SUBMITTED);
    return { entries: [encode({ kind: 'event', run, event: submitted }), event] };
  };
}

/** The conditions under which a run may start. */
export interface StartTerms {
  /** Decides whether the message was sent before. @default `always` */
  readonly retry?: RetryRule | undefined;
  /** The run begins a task: the start is refused if the log has been used. @default false */
  readonly isNewTask?: boolean | undefined;
  /** The start is refused unless the task has this generation, see {@link isGeneration}. */
  readonly ifGeneration?: number | undefined;
  /** The push configuration that the message sets. */
  readonly push?: PushEntry | undefined;
}

/** Proposes a run's start. */
export function proposeStart(author: Author, start: StartEntry, terms: StartTerms = {}): Proposal {
  const { retry = 'always', isNewTask = false, ifGeneration, push } = terms;
  const encoded = encode({ ...start, kind: 'start' });
  const encodedPush = push && encode(push);
  // A sender that needs no configuration receives every event from its first run on.
  const isKnown = (state: LogState): boolean => push?.config === '' && state.pushes.has('');
  return (state, last) => {
    if (retriedRun(state, start.digest, retry) !== undefined) return { refused: 'duplicate' };
    if (isNewTask && isUsed(state)) return { refused: 'used' };
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    if (state.cancelRequested) return { refused: 'cancelling' };
    if (ifGeneration !== undefined && !isGeneration(state, ifGeneration, last)) {
      return { refused: 'generation' };
    }
    return { entries: encodedPush && !isKnown(state) ? [encoded, encodedPush] : [encoded] };
  };
}

/**
 * Proposes the start of a run that continues one of the instance `dead`, together with the fence of
 * that instance. One record contains both, so no reader sees the task without a run in between.
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

/** Proposes a run's `answer`, its result without a task. It may leave the task open, as an end may. */
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

/** Proposes an error that the agent raised to its readers. The run and the task go on. */
export function proposeError(author: Author, run: string, error: EncodedEntry): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    return barred ? { refused: barred } : { entries: [error] };
  };
}

/**
 * Proposes a run's end. If no other run is open, the task then gets a final status, unless the run
 * `leavesOpen`: then other runs will continue it.
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

/** Proposes FAILED with a fixed text for a failed run, or CANCELED if a cancel was requested. */
export function proposeFailure(author: Author, run: string, text: string): Proposal {
  return (state) => {
    const barred = barrier(state, author, run);
    if (barred) return { refused: barred };
    const closing = state.cancelRequested ? CANCELED : { ...FAILED, text };
    return { entries: [closingEntry(author, state, closing, run)] };
  };
}

/** Proposes a cancel request; CANCELED at once if no run is open. */
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

/** Proposes CANCELED by force, after the deadline. */
export function proposeForcedCancel(author: Author): Proposal {
  return (state) => {
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    return { entries: [closingEntry(author, state, CANCELED)] };
  };
}

/** Proposes that a push configuration is set or removed. */
export function proposePush(author: Author, push: PushEntry): Proposal {
  const encoded = encode(push);
  return (state) => {
    if (!state.hasTask) return { refused: 'not-found' };
    const barred = barrier(state, author);
    if (barred) return { refused: barred };
    if (!push.terms && !state.pushes.has(push.config)) return { refused: 'nothing' };
    return { entries: [encoded] };
  };
}

/**
 * Proposes the fence of a dead instance, which closes its runs, even in an empty log. If the task then
 * has no open run, and its last status is not an interrupted state newer than every unfinished run,
 * adds CANCELED if a cancel was requested, otherwise FAILED.
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

/** Proposes the task's deletion. Refused while a run is open. */
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

/** Returns the status that a task needs after a run has ended; `state` is the one after the end. */
function closingStatus(state: LogState): Closing | undefined {
  if (state.open.size > 0) return undefined;
  if (state.cancelRequested) return CANCELED;
  return isInterrupted(state.status?.state) ? undefined : FAILED;
}

/** Returns the status that a task needs after an instance was fenced; `state` is the one after. */
function orphanStatus(state: LogState): Closing | undefined {
  if (state.open.size > 0 || state.runs.size === 0) return undefined;
  const unfinished = [...state.runs.values()].filter(isUnfinished);
  // A log whose runs were all answered by a Message has no task to end.
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

/** Returns the Task that the backend begins a log with. Its history comes from the runs' messages. */
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
