import type { Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import { eventStatus, type TaskEvent } from '../a2a/event.ts';
import type { Entry, EventEntry } from './entry.ts';
import { asGeneration, type Generation, generationAfter, generationBefore } from './generation.ts';
import type { LogRecord } from './record.ts';
import type { DecodedSnapshot, FoldContent } from './snapshot.ts';
import { applyEntry, closeRecord, EMPTY_STATE, type LogState } from './state.ts';
import type { TaskPicture } from './task-picture.ts';
import { TaskView } from './task-view.ts';

/** One event of a log, as every reader gets it. Shared between readers: never write to it. */
export interface Delivery {
  readonly generation: Generation;
  /** A Task event is the whole fold at its generation. */
  readonly event: TaskEvent;
  /** A subscriber's stream ends here: the task ended, or waits for input with no other run open. */
  readonly final: boolean;
}

/** One record as readers see it: its events, and the state after it. */
export interface AppliedRecord {
  readonly record: LogRecord;
  /** The state that the record was written on. */
  readonly before: LogState;
  readonly deliveries: readonly Delivery[];
  readonly state: LogState;
}

/** The result of a log: the Task, and the state that decides the next append. Deterministic, no I/O. */
export class Fold implements FoldVisitor {
  #state: LogState = EMPTY_STATE;
  #generation = asGeneration(0);
  #view = new TaskView();
  #onEntry: ((state: LogState) => void) | undefined;

  get state(): LogState {
    return this.#state;
  }

  /** The generation of the last event that was applied. */
  get generation(): Generation {
    return this.#generation;
  }

  /** Returns a copy of the Task; `undefined` before the first Task event. */
  task(): Task | undefined {
    return this.#view.picture()?.copy();
  }

  /** Returns the Task as it is now, without a copy; `undefined` before the first Task event. */
  picture(): TaskPicture | undefined {
    return this.#view.picture();
  }

  /** Returns the content of a snapshot of this moment, without a copy. */
  content(): FoldContent {
    const task = this.#view.picture();
    return { state: this.#state, task, messages: task ? [] : this.#view.messages() };
  }

  /** Replaces the fold by a snapshot. The view belongs to this fold from now on. */
  restore({ state, view }: DecodedSnapshot): void {
    this.#state = state;
    this.#generation = generationBefore(state.next.generation);
    this.#view = view;
  }

  /**
   * Applies the record whose slot is `state.next`. Calls `onEntry` after each entry, while the fold is
   * exactly that of the log up to there, and after the record.
   */
  apply(record: LogRecord, onEntry?: (state: LogState) => void): AppliedRecord {
    this.#onEntry = onEntry;
    const step = applyRecord(this.#state, record, this);
    this.#state = step.state;
    this.#onEntry = undefined;
    onEntry?.(step.state);
    return step;
  }

  show(entry: Entry): void {
    this.#view.apply(entry);
  }

  render(event: TaskEvent): TaskEvent {
    return event.kind === 'task' ? shownTask(event, this.#view.picture()) : event;
  }

  onEntry(state: LogState, generation: Generation): void {
    this.#state = state;
    this.#generation = generation;
    this.#onEntry?.(state);
  }
}

/** Returns a Task event as readers get it: the whole fold there, assembled on each access. */
function shownTask(event: TaskEvent & { kind: 'task' }, picture?: TaskPicture): TaskEvent {
  return {
    kind: 'task',
    get data() {
      return picture?.shared() ?? event.data;
    },
  };
}

/** Is called for the entries of a record, one by one. */
interface FoldVisitor {
  /** Called for each entry that applies, before it is rendered. */
  show?(entry: Entry): void;
  /** Returns the event as readers get it. */
  render?(event: TaskEvent): TaskEvent;
  /** Called after each entry; `generation` is that of the last event so far. */
  onEntry?(state: LogState, generation: Generation): void;
}

/** Applies the record at `state.next`; returns it as readers see it. */
export function applyRecord(
  state: LogState,
  record: LogRecord,
  walk: FoldVisitor = {},
): AppliedRecord {
  const deliveries: Delivery[] = [];
  let current = state;
  let generation = record.slot.generation;
  for (const entry of record.entries) {
    if (!current.sealed || entry.kind === 'deleted') walk.show?.(entry);
    current = applyEntry(current, entry, generation);
    if (entry.kind === 'event') {
      const event = walk.render?.(entry.event) ?? entry.event;
      deliveries.push({ generation, event, final: isFinal(current, entry) });
      generation = generationAfter(generation);
    }
    walk.onEntry?.(current, generationBefore(generation));
  }
  return {
    record,
    before: state,
    deliveries,
    state: closeRecord(current, deliveries.length, record.time),
  };
}

function isFinal(state: LogState, entry: EventEntry): boolean {
  if (state.sealed) return true;
  if (eventStatus(entry.event)?.state !== TaskState.TASK_STATE_INPUT_REQUIRED) return false;
  return state.open.size === (entry.run !== undefined && state.open.has(entry.run) ? 1 : 0);
}
