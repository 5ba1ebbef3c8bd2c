import type { Generation } from '@a2a-aws/core';
import {
  firstEventGeneration,
  type OpenLog,
  runResult,
  type TaskPicture,
} from '@a2a-aws/core/internal';
import type { Message } from '@a2a-js/sdk';

/** The beginning of a run, as its sender sees it. */
export type FirstEvent =
  /** The agent has only answered with a Message. */
  | { readonly answer: Message }
  /** `picture`: the Task after the event of this generation; `undefined` if the log is longer by now. */
  | { readonly generation: Generation; readonly picture: TaskPicture | undefined };

/** Resolves when the run has published an event or has ended; with `undefined` if `signal` aborts first. */
export function firstEventOf(
  { log }: OpenLog,
  run: string,
  signal: AbortSignal,
): Promise<FirstEvent | undefined> {
  return log.until(
    (state): FirstEvent | undefined => {
      const result = runResult(state, run);
      const first = firstEventGeneration(state, run);
      if (first === undefined && result?.answer) return { answer: result.answer };
      const generation = first ?? result?.generation;
      if (generation === undefined) return undefined;
      return { generation, picture: log.generation === generation ? log.picture() : undefined };
    },
    { signal },
  );
}
