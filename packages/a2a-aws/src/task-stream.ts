import {
  deepCopy,
  limitHistory,
  type OpenLog,
  type RunResult,
  runResult,
  type Tap,
} from '@a2a-aws/core';
import type { Message, StreamResponse, Task } from '@a2a-js/sdk';

export interface StreamOptions {
  /** Aborts when nobody reads any more, or the instance stops. */
  readonly signal: AbortSignal;
  /** Resolves when the reader has taken what it was given. */
  readonly drained: () => Promise<void>;
  readonly historyLength?: number | undefined;
}

/** What a subscriber gets: the task as it is, then every event until the task rests or ends. */
export async function* subscriberStream(
  open: OpenLog,
  options: StreamOptions,
): AsyncGenerator<StreamResponse, void, undefined> {
  yield* tapped(open, options, () => false);
}

/** What the sender of a message gets: from the task right after the run's start to its result. */
export async function* runStream(
  open: OpenLog,
  run: string,
  options: StreamOptions,
): AsyncGenerator<StreamResponse, void, undefined> {
  let answer: Message | undefined;
  yield* tapped(open, options, (tap, generation) => {
    const result = runResult(tap.state, run);
    answer = result?.answer;
    return result !== undefined && isReached(result, tap, generation);
  });
  if (answer) yield { payload: { $case: 'message', value: deepCopy(answer) } };
}

/** True if the event of `generation`, or the whole record that was read last, holds the result. */
function isReached(result: RunResult, tap: Tap, generation: number | undefined): boolean {
  return generation === undefined
    ? result.at < tap.state.next.generation
    : result.at === generation;
}

/** The events of a tap, until `ends`: asked after each event, and after each record without one. */
async function* tapped(
  open: OpenLog,
  options: StreamOptions,
  ends: (tap: Tap, generation: number | undefined) => boolean,
): AsyncGenerator<StreamResponse, void, undefined> {
  const { signal, drained, historyLength } = options;
  // In one go: the first frame is the fold where the tap stands.
  const { tap, close } = open.tap();
  const first = open.log.task();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (first) yield taskFrame(first, historyLength);
    if (ends(tap, undefined)) return;
    for (;;) {
      await drained();
      if (signal.aborted) return;
      const step = await tap.next();
      if (!step) return;
      for (const { event, generation, final } of step.deliveries) {
        const value = deepCopy(event.data);
        yield event.kind === 'task'
          ? taskFrame(value as Task, historyLength)
          : ({ payload: { $case: event.kind, value } } as StreamResponse);
        if (final || ends(tap, generation)) return;
      }
      if (ends(tap, undefined)) return;
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function taskFrame(task: Task, historyLength: number | undefined): StreamResponse {
  return { payload: { $case: 'task', value: limitHistory(task, historyLength) } };
}
