import type { Generation, LogRecord, TaskEvent } from '@a2a-aws/core';
import {
  type AppliedRecord,
  eventStatus,
  type LogState,
  type RunResult,
  runResult,
} from '@a2a-aws/core/internal';
import { type Task, TaskState } from '@a2a-js/sdk';
import type { Frame } from './frame.ts';
import { StreamEnd, showsEnd } from './stream-end.ts';
import { answerFrame, eventFrames } from './stream-frames.ts';
import { lastGeneration, type SenderPosition, type StreamPosition } from './stream-position.ts';

export interface ProgressStart {
  /** The task that the stream is about. */
  readonly task: Pick<Task, 'id' | 'contextId'>;
  readonly position: StreamPosition;
  /** The run whose sender reads the stream; `undefined` for a subscriber. */
  readonly run: string | undefined;
  /** The last state that the client was told; unspecified if the position does not tell. */
  readonly state: TaskState;
  /**
   * True if the client has resumed: the stream tells every event that the client missed, and ends
   * where the log does. False: the stream of a sender ends with the result of its run.
   */
  readonly isResumed: boolean;
}

/** An event that a stream tells. */
interface Told {
  readonly event: TaskEvent;
  readonly record: LogRecord;
  /** The place of the event among the events of its record. */
  readonly at: number;
  readonly generation: Generation;
  /** True if the event is the result of the run whose sender reads the stream. */
  readonly isOwnResult: boolean;
}

/** Yields the frames of a stream after its first Task, and notes what may end the stream. */
export class StreamProgress {
  readonly #task: Pick<Task, 'id' | 'contextId'>;
  readonly #end: StreamEnd;
  /** The run whose sender reads the stream. */
  readonly #run: string | undefined;
  #position: StreamPosition;
  #state: TaskState;
  /** The generation of the last event that was told in whole. */
  #told: Generation;

  constructor({ task, position, run, state, isResumed }: ProgressStart) {
    this.#task = task;
    this.#end = new StreamEnd(isResumed);
    this.#run = run;
    this.#position = position;
    this.#state = state;
    this.#told = lastGeneration(position);
  }

  /** True if the stream is complete. */
  get isOver(): boolean {
    return this.#end.isOver;
  }

  /** The run whose sender reads the stream. */
  get run(): string | undefined {
    return this.#run;
  }

  get position(): StreamPosition {
    return this.#position;
  }

  /** The generation of the last event that was told in whole. */
  get told(): Generation {
    return this.#told;
  }

  /** Yields the frames of the next record. */
  *framesOf(applied: AppliedRecord): Generator<Frame, void, undefined> {
    const { record, deliveries, before, state } = applied;
    if (this.#state === TaskState.TASK_STATE_UNSPECIFIED) {
      this.#state = before.status?.state ?? this.#state;
    }
    const events = record.entries.filter((entry) => entry.kind === 'event');
    const result = this.#resultIn(state);
    for (const [at, { generation, final }] of deliveries.entries()) {
      const { event, run } = events[at] ?? {};
      if (generation <= this.#told) {
        this.#state = (event && eventStatus(event)?.state) ?? this.#state;
        continue;
      }
      if (result && result.generation < generation) {
        yield* this.#answer(result);
        // The backend has ended the task, because the agent answered with a Message.
        const isClosing = result.answer !== undefined && state.sealed;
        if (this.isOver && !isClosing) return;
      }
      const isResult = final || result?.generation === generation;
      if (event) {
        const told = { event, record, at, generation, isOwnResult: isResult && run === this.#run };
        yield* this.#tell(told);
      }
      this.#told = generation;
      if (result?.generation === generation) yield* this.#answer(result);
      this.#end.noteEvent(final);
      if (this.isOver) return;
    }
    if (result && result.generation < state.next.generation) yield* this.#answer(result);
    if (state.sealed) this.#end.noteSeal();
  }

  /** Yields the answer of the run if it is no later than the last event, with which a sender's stream ends. */
  *answerAt(result: RunResult | undefined): Generator<Frame, void, undefined> {
    if (result && result.generation <= this.#told) yield* this.#answer(result);
  }

  /** Ends a resumed stream at the end of the log in this state, unless the task or the run goes on. */
  endAt(state: LogState): void {
    this.#end.noteLogEnd(state, this.#resultIn(state), this.#told);
  }

  /** Ends the stream: its client got the only frame. */
  end(): void {
    this.#end.end();
  }

  /** Continues after a Task, which takes the place of the events up to it. */
  continueAfter(position: StreamPosition, state: TaskState): void {
    this.#position = position;
    this.#state = state;
    this.#told = lastGeneration(position);
    this.#end.noteTask();
  }

  /** Yields the answer of the run once. */
  *#answer({ answer }: RunResult): Generator<Frame, void, undefined> {
    this.#end.noteResult();
    const { sender } = this.#position;
    if (!answer || !sender || sender.phase === 'answered') return;
    const state = this.#state;
    this.#position = { ...this.#position, sender: { run: sender.run, phase: 'answered', state } };
    const response = answerFrame(this.#task, state, answer);
    yield { response, position: this.#position, generation: undefined };
  }

  /** Yields the frames of one event. It runs for each token and reader, so it makes few copies. */
  *#tell({ event, record, at, generation, isOwnResult }: Told): Generator<Frame, void, undefined> {
    const skipped = lastGeneration(this.#position) === this.#told ? this.#position.frames : 0;
    const state = eventStatus(event)?.state;
    this.#state = state ?? this.#state;
    const sender = this.#sender();
    // A sender that sees in the state that its run is over resumes as any subscriber.
    const after = isOwnResult && showsEnd(state) ? undefined : sender;
    const { slot, time: writtenAtMs } = record;
    const responses = eventFrames(event, this.#state);
    const last = responses.length - 1;
    for (const [index, response] of responses.entries()) {
      const position: StreamPosition =
        index === last
          ? { slot, events: at + 1, frames: 0, writtenAtMs, sender: after }
          : { slot, events: at, frames: index + 1, writtenAtMs, sender };
      this.#position = position;
      if (index >= skipped) yield { response, position, generation };
    }
  }

  #resultIn(state: LogState): RunResult | undefined {
    return this.#run === undefined ? undefined : runResult(state, this.#run);
  }

  #sender(): SenderPosition | undefined {
    const { sender } = this.#position;
    if (!sender || sender.state === this.#state) return sender;
    return { ...sender, state: this.#state };
  }
}

/**
 * Returns the position of a client that got a Task in this state. A sender that sees there that its run is
 * over resumes as any subscriber.
 */
export function pastResult(
  position: StreamPosition,
  result: RunResult | undefined,
  state: TaskState,
): StreamPosition {
  const isResult = result && !result.answer && result.generation === lastGeneration(position);
  return isResult && showsEnd(state) ? { ...position, sender: undefined } : position;
}
