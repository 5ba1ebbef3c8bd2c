import type { Generation } from '@a2a-aws/core';
import { isTerminal, type LogState, type RunResult } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';

/**
 * Decides when a client's stream ends.
 *
 * The stream of a message ends with the result of its run, and a subscription with an event that ends
 * the task or asks the client. A resumed stream tells every event that the client missed, and ends where
 * the log does.
 */
export class StreamEnd {
  readonly #isResumed: boolean;
  /** True if the stream has told an event or a Task. */
  #hasTold = false;
  /** True if a subscription ends with the last event that was told. */
  #isFinal = false;
  #isOver = false;

  constructor(isResumed: boolean) {
    this.#isResumed = isResumed;
  }

  /** True if the stream is complete. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Notes that an event was told. `isFinal`: a subscription ends with it. */
  noteEvent(isFinal: boolean): void {
    this.#hasTold = true;
    this.#isFinal = isFinal;
    if (isFinal && !this.#isResumed) this.#isOver = true;
  }

  /** Notes that a Task was told in place of events. */
  noteTask(): void {
    this.#hasTold = true;
    this.#isFinal = false;
  }

  /** Notes the result of the run whose sender reads the stream. */
  noteResult(): void {
    if (!this.#isResumed) this.#isOver = true;
  }

  /** Notes that a record was told that seals the log. */
  noteSeal(): void {
    if (!this.#isResumed) this.#isOver = true;
  }

  /**
   * Ends a resumed stream at the end of the log in this state, unless the task or the run goes on.
   * `result`: the one of the run whose sender reads the stream. `told`: the generation of the last event
   * that was told. A client that got no frame here already has the question that the task waits with, and
   * waits as well.
   */
  noteLogEnd(state: LogState, result: RunResult | undefined, told: Generation): void {
    // A client that was told later events reads on as any subscriber.
    const isResult = result !== undefined && result.generation >= told;
    const isAsking = state.status?.state === TaskState.TASK_STATE_INPUT_REQUIRED;
    const isQuestion = isAsking && (this.#isFinal || state.open.size === 0);
    if ((this.#hasTold && isQuestion) || isResult || state.sealed) this.#isOver = true;
  }

  /** Ends the stream: its client got the only frame. */
  end(): void {
    this.#isOver = true;
  }
}

/** Returns true if a client sees in the state that a run is over. */
export function showsEnd(state: TaskState | undefined): boolean {
  return isTerminal(state) || state === TaskState.TASK_STATE_INPUT_REQUIRED;
}
