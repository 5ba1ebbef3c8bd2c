import type { Generation, LogRecord, Slot } from '@a2a-aws/core';
import { compareSlots, generationAfter, nextSlot, type OpenLog } from '@a2a-aws/core/internal';
import type { TaskState } from '@a2a-js/sdk';

/** Where a client stands in a task's log: after the last frame of a stream that it got. */
export interface StreamPosition {
  /** The slot of the record whose events the client got last, or of the first record that it lacks. */
  readonly slot: Slot;
  /** The number of events of that record that the client got. */
  readonly events: number;
  /** The number of frames that the client got of the event after those. */
  readonly frames: number;
  /**
   * When the record at `slot` was written, in milliseconds since the epoch; `undefined` if that was
   * not known. Tells a log from one that was restored from a backup and went on differently.
   */
  readonly writtenAtMs?: number | undefined;
  /** The run whose sender reads the stream; `undefined` for a subscriber. */
  readonly sender?: SenderPosition | undefined;
}

/** How much of its own run a sender knows. */
export interface SenderPosition {
  readonly run: string;
  /**
   * `waiting`: it got no frame. `told`: it got the Task. `answered`: it also got the run's Message.
   * `complete`: it got the run's Message in place of a Task.
   */
  readonly phase: 'waiting' | 'told' | 'answered' | 'complete';
  /** The last state that it was told. */
  readonly state: TaskState;
}

/** Returns the generation of the last event that the client got in whole; 0 before the first. */
export function lastGeneration({ slot, events }: StreamPosition): Generation {
  return generationAfter(slot.generation, events - 1);
}

/** Returns the position before the next record of the log. */
export function beforeNextRecord({ log }: OpenLog): StreamPosition {
  return { slot: log.state.next, events: 0, frames: 0 };
}

/** Returns the position of a client that has the task as this log shows it, even within a record. */
export function endOfLog(open: OpenLog): StreamPosition {
  const { log, last } = open;
  const { next } = log.state;
  const events = log.generation - next.generation + 1;
  if (events > 0) return { slot: next, events, frames: 0 };
  if (!last || compareSlots(nextSlot(last.slot, last.events), next) !== 0)
    return beforeNextRecord(open);
  return { ...last, frames: 0 };
}

/** Returns the position with the time of its record, if that is the last one of the log. */
export function timed(position: StreamPosition, { last }: OpenLog): StreamPosition {
  if (!last || compareSlots(last.slot, position.slot) !== 0) return position;
  return { ...position, writtenAtMs: last.writtenAtMs };
}

/** Returns the position of a client that got the events of a record up to this generation. */
export function afterEvent({ slot, time }: LogRecord, generation: Generation): StreamPosition {
  return { slot, events: generation - slot.generation + 1, frames: 0, writtenAtMs: time };
}
