import type { Generation, TaskEvent } from '@a2a-aws/core';
import {
  type AppliedRecord,
  eventStatus,
  firstEventGeneration,
  inSlices,
  type LogTap,
  type OpenLog,
  type RunResult,
  runResult,
  type TaskPicture,
} from '@a2a-aws/core/internal';
import { type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import { linkSignals } from './linked-signal.ts';
import { answerFrame, eventFrames, messageFrame, taskFrame } from './stream-frames.ts';

export interface StreamOptions {
  /** Aborts when the client has disconnected: the stream ends. */
  readonly left: AbortSignal | undefined;
  /** Aborts when the reader must go on elsewhere: the stream tells what is known here, and fails. */
  readonly away: AbortSignal;
  /** Returns the error that a stream fails with that ends before its end. */
  readonly interrupted: () => Error;
  /** Resolves when the reader has taken what it was given. */
  readonly drained: () => Promise<void>;
  readonly historyLength?: number | undefined;
}

/** Where a stream begins: with the task as it is at this generation. */
interface Beginning {
  readonly task: TaskPicture | undefined;
  readonly generation: Generation;
  readonly result?: RunResult | undefined;
}

/** The stream of a subscriber: the task as it is, then every event until the task waits for input or ends. */
export async function* subscriberStream(
  open: OpenLog,
  options: StreamOptions,
): AsyncGenerator<StreamResponse, void, undefined> {
  yield* tapped(open, options, undefined, async () => ({
    task: open.log.picture(),
    generation: open.log.generation,
  }));
}

/**
 * The stream of a message's sender: the task as it is right after the first event of the message's run,
 * then every event up to the run's result. If the result is a Message and the run has published no task,
 * the stream is only that Message.
 */
export async function* runStream(
  open: OpenLog,
  run: string,
  options: StreamOptions,
): AsyncGenerator<StreamResponse, void, undefined> {
  yield* tapped(open, options, run, (tap, signal) => beginningOf(open, run, tap, signal));
}

/** Resolves with `tap` before the first event of the run, or with `undefined` if `signal` aborts. */
async function beginningOf(
  open: OpenLog,
  run: string,
  tap: LogTap,
  signal: AbortSignal,
): Promise<Beginning | undefined> {
  let hasBegun = false;
  // The task at the beginning of the stream contains the earlier events of other runs.
  const unlisten = open.log.listen(() => {
    if (!hasBegun) tap.skip();
  });
  try {
    return await open.log.until(
      (state) => {
        const result = runResult(state, run);
        const isSilent = firstEventGeneration(state, run) === undefined;
        if (isSilent && result === undefined) return undefined;
        hasBegun = true;
        const { generation } = open.log;
        return {
          task: isSilent && result?.answer ? undefined : open.log.picture(),
          generation,
          result,
        };
      },
      { signal },
    );
  } finally {
    unlisten();
  }
}

/** The events of a tap, from `begin` to the result of `run`, or to where a subscriber's stream ends. */
async function* tapped(
  open: OpenLog,
  options: StreamOptions,
  run: string | undefined,
  begin: (tap: LogTap, signal: AbortSignal) => Promise<Beginning | undefined>,
): AsyncGenerator<StreamResponse, void, undefined> {
  const { left, away, historyLength, drained, interrupted } = options;
  const linked = linkSignals(left, away);
  const { tap, close } = open.tap();
  const finish = (): void => tap.finish();
  left?.addEventListener('abort', close, { once: true });
  away.addEventListener('abort', finish, { once: true });
  if (away.aborted) finish();
  try {
    const beginning = await begin(tap, linked.signal);
    if (left?.aborted) return;
    if (!beginning) throw interrupted();
    const { task: picture, generation, result } = beginning;
    if (!picture) {
      if (result?.answer) yield messageFrame(result.answer);
      return;
    }
    const task = await inSlices(picture.copying({ historyLength }), open.log.clock);
    yield taskFrame(task, historyLength);
    const telling = new Telling(task, generation, run);
    yield* telling.endAt(result);
    while (!telling.isOver) {
      await drained();
      const step = left?.aborted ? undefined : await tap.next();
      if (left?.aborted) return;
      if (!step) throw interrupted();
      yield* telling.framesOf(step);
    }
  } finally {
    left?.removeEventListener('abort', close);
    away.removeEventListener('abort', finish);
    linked.unlink();
    close();
  }
}

/** Yields the frames of a stream after the first, and knows when it is over. */
class Telling {
  isOver = false;
  readonly #task: Task;
  readonly #after: Generation;
  readonly #run: string | undefined;
  #state: TaskState;

  /** `after`: the generation of `task`, with which the stream began. */
  constructor(task: Task, after: Generation, run: string | undefined) {
    this.#task = task;
    this.#after = after;
    this.#run = run;
    this.#state = task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
  }

  *framesOf(applied: AppliedRecord): Generator<StreamResponse, void, undefined> {
    const events = applied.record.entries.filter((entry) => entry.kind === 'event');
    const result = this.#run === undefined ? undefined : runResult(applied.state, this.#run);
    for (const [at, { generation, final }] of applied.deliveries.entries()) {
      if (generation <= this.#after) continue;
      if (result && result.generation < generation && !this.isOver) {
        yield* this.#end(result);
        // The backend has ended the run, because the agent answered with a Message.
        if (!result.answer || !applied.state.sealed) return;
      }
      const event = events[at]?.event;
      if (event) yield* this.#tell(event);
      if (result?.generation === generation || final) {
        yield* this.#end(result?.generation === generation ? result : undefined);
        return;
      }
    }
    if (result && result.generation < applied.state.next.generation) yield* this.#end(result);
  }

  /** Ends the stream if this result is no later than what was told. */
  *endAt(result: RunResult | undefined): Generator<StreamResponse, void, undefined> {
    if (result && result.generation <= this.#after) yield* this.#end(result);
  }

  *#tell(event: TaskEvent): Generator<StreamResponse, void, undefined> {
    this.#state = eventStatus(event)?.state ?? this.#state;
    yield* eventFrames(event);
  }

  *#end(result: RunResult | undefined): Generator<StreamResponse, void, undefined> {
    if (this.isOver) return;
    this.isOver = true;
    if (result?.answer) yield answerFrame(this.#task, this.#state, result.answer);
  }
}
