import { deepCopy, type LogState, limitHistory, type OpenLog, runResult } from '@a2a-aws/core';
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
  yield* tapped(open, options, (state, generation) => {
    const result = runResult(state, run);
    if (result === undefined || result.at > generation) return false;
    answer = result.answer;
    return true;
  });
  if (answer) yield { payload: { $case: 'message', value: deepCopy(answer) } };
}

/** The events of a tap, until `isOver` says that nothing after `generation` belongs to the stream. */
async function* tapped(
  open: OpenLog,
  options: StreamOptions,
  isOver: (state: LogState, generation: number) => boolean,
): AsyncGenerator<StreamResponse, void, undefined> {
  const { signal, drained, historyLength } = options;
  // In one go: the first frame is the fold where the tap stands.
  const { tap, close } = open.tap();
  const first = open.log.task();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (first) yield taskFrame(first, historyLength);
    if (isOver(tap.state, tap.state.next.generation - 1)) return;
    for (;;) {
      await drained();
      if (signal.aborted) return;
      const step = await tap.next();
      if (!step) return;
      for (const { event, generation, final } of step.deliveries) {
        if (isOver(step.state, generation - 1)) return;
        const value = deepCopy(event.data);
        yield event.kind === 'task'
          ? taskFrame(value as Task, historyLength)
          : ({ payload: { $case: event.kind, value } } as StreamResponse);
        if (isOver(step.state, generation) || final) return;
      }
      if (isOver(step.state, step.state.next.generation - 1)) return;
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

function taskFrame(task: Task, historyLength: number | undefined): StreamResponse {
  return { payload: { $case: 'task', value: limitHistory(task, historyLength) } };
}
