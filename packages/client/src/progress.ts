import type { StreamResponse } from '@a2a-js/sdk';
import { isAtRest, isTerminal, stateOf, taskIdOf } from './event.ts';
import { cursorOf, type Gap, gapOf, generationOf, markGap } from './extension.ts';
import type { Position } from './position.ts';

/**
 * The progress of one client through a stream, over all connections that carry it: the events that it
 * has, and whether there are more. Nothing here waits.
 */
export interface Progress {
  /** Returns the place after the last event that was accepted. */
  position(): Position;
  /** Begins a connection. Returns true if it resumes at a cursor. */
  connect(): boolean;
  /**
   * Decides about an event. Returns true if the caller gets it, false if the caller has it already.
   * A Task in place of missed events gets the mark of a gap.
   *
   * @throws {Error} if events before this one are missing, and the server did not say so
   */
  accept(event: StreamResponse): boolean;
  /** Returns true if an uninterrupted stream would have ended: the client reads no further. */
  isSettled(): boolean;
  /**
   * Returns true if the stream is complete at the end of the connection; else it was interrupted.
   * `isClean`: the connection ended without an error.
   */
  isComplete(isClean: boolean): boolean;
  /** Forgets the cursor that the server refuses. */
  refuse(): void;
  /** Counts a failure. Returns the failures in a row without an event. */
  fail(): number;
}

/** Continues at a position. `isSender`: the stream is that of a message's sender, not a subscription. */
export function progressFrom(position: Position, isSender: boolean): Progress {
  let { taskId, cursor, generation, state } = position;
  let failures = 0;
  let isAnswered = false;
  let isSettled = false;
  /** The length of the last Task that took the place of events. */
  let lastLength = 0;
  /** The gap for the mark of the Task that follows. */
  let gap: Partial<Gap> | undefined;
  // About the connection:
  let isFirst = true;
  /** True if an event of the connection has told that the task stopped. */
  let hasStopped = false;

  return {
    position: () => ({ taskId, cursor, generation, state }),
    connect() {
      isFirst = true;
      hasStopped = false;
      return cursor !== '';
    },
    accept(event) {
      const { payload } = event;
      const kind = payload?.$case;
      const isTask = isFirst && kind === 'task';
      const next = generationOf(event);
      const now = stateOf(event);
      isFirst = false;
      // The Task that follows a gap frame gets its mark.
      if (kind !== 'task') gap = undefined;
      // A gap frame has no generation. An agent's event may have the key of a gap, too.
      if (cursor && !next && payload?.$case === 'statusUpdate' && !payload.value.status?.message) {
        gap = gapOf(event);
        if (gap?.to) return false;
      }
      // A Task at the beginning of a later connection takes the place of everything before it.
      const isWhole = isTask && taskId !== '';
      // The last generation may have an update that the client has not got.
      const isOther = isWhole && now !== state;
      const isKnown = next > 0 && (isWhole && !isOther ? next <= generation : next < generation);
      if (isKnown || (cursor && !isOther && cursor === cursorOf(event))) return false;
      if (isWhole) {
        gap = generation > 0 && next > generation ? { from: generation + 1, to: next } : {};
        const { length } = JSON.stringify(event);
        if (length !== lastLength) failures = 0;
        lastLength = length;
        cursor = '';
        generation = 0;
      } else {
        if (generation > 0 && next > generation + 1 && !gap) {
          throw new Error(`The event ${generation + 1} is missing.`);
        }
        failures = 0;
      }
      // A subscription to a task that already waited for its client goes on.
      const isQuestionKnown = isTask && (!taskId || isAtRest(state));
      const stops = isAtRest(now) && (isSender || !isQuestionKnown);
      hasStopped ||= stops;
      isSettled = isWhole && stops;
      taskId ||= taskIdOf(event);
      cursor = cursorOf(event) || cursor;
      generation = next || generation;
      state = now || state;
      isAnswered ||= kind === 'message';
      if (gap) markGap(event, gap);
      gap = undefined;
      return true;
    },
    isSettled: () => isSettled,
    // A proxy may end a stream that the server did not end, so a clean end alone proves nothing.
    isComplete: (isClean) =>
      isAnswered || isTerminal(state) || (isAtRest(state) && (isSender || (isClean && hasStopped))),
    refuse() {
      cursor = '';
      generation = 0;
    },
    fail: () => ++failures,
  };
}
