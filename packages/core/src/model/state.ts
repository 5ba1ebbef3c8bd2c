import type { Message, TaskState } from '@a2a-js/sdk';
import { TaskState as State } from '@a2a-js/sdk';
import { eventStatus, isTerminal, type TaskEvent } from '../a2a/event.ts';
import { statusTime } from '../a2a/status-time.ts';
import type { Entry, EventEntry, PushEntry, PushTerms, StartEntry } from './entry.ts';
import { type Generation, generationBefore } from './generation.ts';
import { PersistentMap } from './persistent-map.ts';
import { isUnsettled, openRun, type RunState, type StateOfRuns } from './run-state.ts';
import { FIRST_SLOT, nextSlot, type Slot } from './slot.ts';

/** The facts that decide the next append: the small, immutable half of the fold. */
export interface LogState extends StateOfRuns {
  readonly next: Slot;
  /** When the last record was written, by its writer's clock; milliseconds since the epoch. */
  readonly writtenAtMs: number;
  /** No entry is appended any more. */
  readonly sealed: boolean;
  readonly deleted: boolean;
  /** The log contains a Task event; until then the task is not found. */
  readonly hasTask: boolean;
  readonly status?: LogStatus | undefined;
  readonly contextId?: string | undefined;
  /** The instances that were fenced in this log. */
  readonly fenced: PersistentMap<true>;
  readonly cancelRequested: boolean;
  /** The last run that each message has started, by the message's digest. */
  readonly messages: PersistentMap<string>;
  /** The push configurations of the task, by id. A new object after each change. */
  readonly pushes: ReadonlyMap<string, PushStart>;
}

/** Where a push configuration begins to receive events. */
export interface PushStart extends PushTerms {
  /** Slot of the record in which it was first set. */
  readonly since: Slot;
}

export interface LogStatus {
  readonly state: TaskState;
  /** Slot of the record that set it. */
  readonly slot: Slot;
  readonly timestamp: string;
  /** The latest timestamp of any status so far, in milliseconds since the epoch; 0 if none. */
  readonly latest: number;
}

/** It has every field, because copies of objects with the same fields in the same order are cheap. */
export const EMPTY_STATE: LogState = {
  next: FIRST_SLOT,
  writtenAtMs: 0,
  sealed: false,
  deleted: false,
  hasTask: false,
  status: undefined,
  contextId: undefined,
  runs: PersistentMap.empty(),
  open: new Set(),
  unsettled: new Set(),
  fenced: PersistentMap.empty(),
  cancelRequested: false,
  messages: PersistentMap.empty(),
  pushes: new Map(),
};

/** Returns the runs that may still append. */
export function openRuns({ open, runs }: LogState): [string, RunState][] {
  const found: [string, RunState][] = [];
  for (const id of open) {
    const run = runs.get(id);
    if (run) found.push([id, run]);
  }
  return found;
}

/** Maximum executions of a message, including the first. */
const MAX_ATTEMPTS = 3;

/** Returns true if another run may continue this one when its instance is lost. */
export function isResumable(state: LogState, id: string): boolean {
  const run = state.runs.get(id);
  if (!run || state.sealed || state.cancelRequested) return false;
  // A run that has its result, for example a question to the user, must not be repeated.
  const isOpen = run.phase !== 'ended' && run.resultGeneration === undefined;
  return isOpen && run.resumedBy === undefined && run.attempt < MAX_ATTEMPTS;
}

/** A run's result: the Task after this generation, or a Message. */
export interface RunResult {
  readonly generation: Generation;
  readonly answer?: Message | undefined;
}

/** Returns the result of a run, or of the run that resumed it; `undefined` while it goes on. */
export function runResult(state: LogState, id: string): RunResult | undefined {
  const run = state.runs.get(id);
  // The end of the task also ends resumed runs, so the run that resumed this one comes first.
  if (run?.resumedBy !== undefined) return runResult(state, run.resumedBy);
  return run?.resultGeneration === undefined
    ? undefined
    : { generation: run.resultGeneration, answer: run.answer };
}

/**
 * Returns the state after one entry of the record at `state.next`. `generation` is the entry's own if
 * it is an event, else that of the next event. `next` moves only with {@link closeRecord}.
 */
export function applyEntry(state: LogState, entry: Entry, generation: Generation): LogState {
  // After a terminal status only a deletion applies.
  if (state.sealed && entry.kind !== 'deleted') return state;
  switch (entry.kind) {
    case 'event':
      return applyEvent(state, entry, generation);
    case 'start':
      return applyStart(state, entry);
    case 'message':
    case 'metadata':
    case 'error':
      return state;
    case 'answer':
      return changeOpen(state, entry.run, (run) => {
        const ended = end(run, generationBefore(generation), state.next);
        // The question of a run is its result, so a later answer is not.
        return run.resultGeneration === undefined ? { ...ended, answer: entry.message } : ended;
      });
    case 'end':
      return changeOpen(state, entry.run, (run) =>
        end(run, generationBefore(generation), state.next),
      );
    case 'fence':
      return applyFence(state, entry.instance);
    case 'cancel':
      return { ...state, cancelRequested: true };
    case 'push':
      return applyPush(state, entry);
    case 'deleted':
      return { ...state, sealed: true, deleted: true, hasTask: false };
  }
}

/** Returns the state after a record with `events` events that was written at this time. */
export function closeRecord(state: LogState, events: number, writtenAtMs: number): LogState {
  const next = nextSlot(state.next, events);
  if (state.open.size > 0 || state.unsettled.size === 0) return { ...state, next, writtenAtMs };
  // No run is open: lost runs that were not resumed have their result here.
  let settled = state;
  for (const id of state.unsettled) {
    settled = changeRun(settled, id, (run) => ({
      ...run,
      resultGeneration: generationBefore(next.generation),
    }));
  }
  return { ...settled, next, writtenAtMs };
}

function applyFence(state: LogState, instance: string): LogState {
  let fenced = state;
  for (const [id, run] of openRuns(state)) {
    if (run.instance !== instance) continue;
    fenced = setRun(fenced, id, { ...run, phase: 'lost', closedSlot: state.next });
  }
  return { ...fenced, fenced: state.fenced.with(instance, true) };
}

function applyPush(state: LogState, { config, terms }: PushEntry): LogState {
  const pushes = new Map(state.pushes);
  // A configuration that is set again goes on where it was.
  const since = pushes.get(config)?.since ?? state.next;
  if (terms) pushes.set(config, { ...terms, since });
  else pushes.delete(config);
  return { ...state, pushes };
}

function applyStart(state: LogState, entry: StartEntry): LogState {
  const { resumes, message, digest } = entry;
  const { instance, attempt } = entry;
  const run = openRun({ instance, start: state.next, attempt, messageId: message?.messageId });
  const started = setRun(state, entry.run, run);
  const resumed =
    resumes === undefined
      ? started
      : changeRun(started, resumes, (resumedRun) => ({ ...resumedRun, resumedBy: entry.run }));
  const isKnown = message !== undefined && digest !== undefined;
  const messages = isKnown ? state.messages.with(digest, entry.run) : state.messages;
  return { ...resumed, messages, contextId: state.contextId ?? entry.contextId };
}

function applyEvent(state: LogState, entry: EventEntry, generation: Generation): LogState {
  const { event, run: id } = entry;
  const known = id === undefined ? undefined : state.runs.get(id);
  const run = known && withEvent(known, entry, generation, state);
  // The run and the state are copied once each, however much the event changes.
  const begun =
    id === undefined || run === undefined || run === known ? {} : runsWith(state, id, run);
  if (!showsStatus(state, event)) return run === known ? state : { ...state, ...begun };
  const status = eventStatus(event);
  const current = status?.state ?? State.TASK_STATE_UNSPECIFIED;
  const timestamp = status?.timestamp ?? '';
  const stepped: LogState = {
    ...state,
    ...begun,
    hasTask: true,
    contextId: event.kind === 'task' ? event.data.contextId : state.contextId,
    status: {
      state: current,
      slot: state.next,
      timestamp,
      latest: Math.max(state.status?.latest ?? 0, statusTime(timestamp) ?? 0),
    },
  };
  return isTerminal(current) ? seal(stepped, generation) : stepped;
}

/** Returns false for events that change no status: artifacts, and statuses before the first Task. */
function showsStatus({ hasTask }: LogState, { kind }: TaskEvent): boolean {
  return kind === 'task' || (kind === 'statusUpdate' && hasTask);
}

/** Ends all runs that have not ended. */
function seal(state: LogState, generation: Generation): LogState {
  let sealed = state;
  for (const [id, run] of state.runs) {
    if (run.phase !== 'ended') sealed = setRun(sealed, id, end(run, generation, state.next));
  }
  return { ...sealed, sealed: true };
}

/** Returns the run after one of its events, with the generations that the event determines. */
function withEvent(
  run: RunState,
  { event }: EventEntry,
  generation: Generation,
  state: LogState,
): RunState {
  const begun = run.firstGeneration === undefined ? { ...run, firstGeneration: generation } : run;
  if (!showsStatus(state, event)) return begun;
  switch (eventStatus(event)?.state) {
    case State.TASK_STATE_INPUT_REQUIRED:
      return begun.resultGeneration === undefined
        ? { ...begun, resultGeneration: generation }
        : begun;
    case State.TASK_STATE_AUTH_REQUIRED:
      return begun.authGeneration === undefined ? { ...begun, authGeneration: generation } : begun;
    default:
      return begun;
  }
}

function end(run: RunState, generation: Generation, at: Slot): RunState {
  return {
    ...run,
    phase: 'ended',
    closedSlot: run.closedSlot ?? at,
    resultGeneration: run.resultGeneration ?? generation,
  };
}

function changeOpen(state: LogState, id: string, change: (run: RunState) => RunState): LogState {
  return state.open.has(id) ? changeRun(state, id, change) : state;
}

function changeRun(state: LogState, id: string, change: (run: RunState) => RunState): LogState {
  const run = state.runs.get(id);
  return run ? setRun(state, id, change(run)) : state;
}

function setRun(state: LogState, id: string, run: RunState): LogState {
  return { ...state, ...runsWith(state, id, run) };
}

function runsWith(state: LogState, id: string, run: RunState): StateOfRuns {
  return {
    runs: state.runs.with(id, run),
    open: withMember(state.open, id, run.phase === 'open'),
    unsettled: withMember(state.unsettled, id, isUnsettled(run)),
  };
}

/** Returns the set with this member, or without it; copies it only if it changes. */
function withMember(set: ReadonlySet<string>, member: string, is: boolean): ReadonlySet<string> {
  if (set.has(member) === is) return set;
  const changed = new Set(set);
  if (is) changed.add(member);
  else changed.delete(member);
  return changed;
}
