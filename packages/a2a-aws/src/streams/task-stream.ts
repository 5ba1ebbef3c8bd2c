import {
  firstEventGeneration,
  type LogState,
  type OpenLog,
  type RunResult,
  runResult,
  type TaskPicture,
} from '@a2a-aws/core/internal';
import { type Message, TaskState } from '@a2a-js/sdk';
import { UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { Parts } from './flat-stream.ts';
import type { Frame } from './frame.ts';
import { messageFrame, taskFrame } from './stream-frames.ts';
import { endOfLog, type StreamPosition, timed } from './stream-position.ts';
import { pastResult, StreamProgress } from './stream-progress.ts';
import { type StreamOptions, StreamReader } from './stream-reader.ts';

/** The task at the beginning of a stream. */
interface Beginning {
  /** `undefined` if the agent has only answered with a Message. */
  readonly task: TaskPicture | undefined;
  readonly position: StreamPosition;
  readonly result?: RunResult | undefined;
}

/** Throws `UnsupportedOperationError` if the task has ended. */
export function assertOpen({ log }: OpenLog): void {
  if (log.state.sealed) {
    throw new UnsupportedOperationError('The task has ended and cannot be subscribed to.');
  }
}

/** The stream of a subscriber: the task as it is, then every event until the task waits for input or ends. */
export async function* subscriberStream(open: OpenLog, options: StreamOptions): Parts<Frame> {
  assertOpen(open);
  const reader = new StreamReader(open, options);
  try {
    yield* framesFrom({ task: open.log.picture(), position: endOfLog(open) }, reader);
  } finally {
    reader.close();
  }
}

/**
 * The stream of a message's sender: the task as it is right after the first event of the message's run,
 * then every event up to the run's result. If the result is a Message and the run has published no task,
 * the stream is only that Message.
 */
export async function* runStream(open: OpenLog, run: string, options: StreamOptions): Parts<Frame> {
  const reader = new StreamReader(open, options);
  try {
    const beginning = await beginningOf(open, run, reader);
    if (reader.hasLeft) return;
    if (!beginning) throw reader.interrupted();
    yield* framesFrom(beginning, reader);
  } finally {
    reader.close();
  }
}

/** Resolves before the second event of the run, or with `undefined` if the reader's signal aborts. */
async function beginningOf(
  open: OpenLog,
  run: string,
  { tap, signal }: StreamReader,
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
        const sender = { run, phase: 'told', state: stateOf(state) } as const;
        return {
          task: isSilent && result?.answer ? undefined : open.log.picture(),
          position: { ...endOfLog(open), sender },
          result,
        };
      },
      { signal },
    );
  } finally {
    unlisten();
  }
}

/** The only frame of a stream without a Task. */
export function answerOf(answer: Message, position: StreamPosition): Frame {
  const { sender } = position;
  return {
    response: messageFrame(answer),
    position: { ...position, sender: sender && { ...sender, phase: 'complete' } },
    generation: undefined,
  };
}

function stateOf({ status }: LogState): TaskState {
  return status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
}

/** Yields a stream from its first frame on. */
async function* framesFrom(
  { task: picture, position: before, result }: Beginning,
  reader: StreamReader,
): Parts<Frame> {
  if (!picture) {
    if (result?.answer) yield [answerOf(result.answer, before)];
    return;
  }
  const task = await reader.copy(picture);
  // The picture may be one from within a record, whose time is known after it.
  const state = task.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED;
  const position = pastResult(timed(before, reader.open), result, state);
  const run = before.sender?.run;
  const progress = new StreamProgress({ task, position, run, state, isResumed: false });
  yield [{ response: taskFrame(task), position, generation: progress.told }];
  yield progress.answerAt(result);
  while (!progress.isOver) {
    const step = await reader.next();
    if (!step) return;
    yield progress.framesOf(step);
  }
}
