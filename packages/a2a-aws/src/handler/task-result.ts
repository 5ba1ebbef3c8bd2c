import type { Generation, LogStorage } from '@a2a-aws/core';
import {
  blockingResult,
  firstEventGeneration,
  inSlices,
  type LogState,
  type OpenLog,
  type RunResult,
  type TaskPicture,
  taskAt,
} from '@a2a-aws/core/internal';
import type { Message, Task } from '@a2a-js/sdk';

/** The answer of a send: the Message of its run, or the task as it was at this generation. */
export type SendAnswer =
  | { readonly message: Message }
  | { readonly task: Task; readonly generation: Generation };

/**
 * The answer of a blocking send: the fold of the log where its run's result stands, or where it
 * waits for credentials; never a private copy. Resolves to `undefined` if `signal` aborts first.
 */
export async function blockingAnswer(
  open: OpenLog,
  storage: LogStorage,
  run: string,
  signal: AbortSignal,
): Promise<SendAnswer | undefined> {
  const answered = await open.log.until(
    (state) => {
      const result = blockingResult(state, run);
      return result && { result, task: folded(open, state, result) };
    },
    { signal },
  );
  if (!answered) return undefined;
  const { result, task } = answered;
  const { clock, key } = open.log;
  if (result.answer) return { message: result.answer };
  const { generation } = result;
  if (task) return { task: await inSlices(task.copying(), clock), generation };
  const past = await taskAt(storage, key, generation, clock);
  // The result is older than all kept events: the current task is the best answer.
  return past ? { task: past, generation } : pictured(open.log);
}

/**
 * Resolves with the answer of a send that does not wait: the task as soon as its run has said
 * something; before that it says only how the task was left.
 */
export async function immediateAnswer(
  open: OpenLog,
  storage: LogStorage,
  run: string,
  signal: AbortSignal,
): Promise<SendAnswer | undefined> {
  const known = await open.log.until(
    (state) => {
      if (firstEventGeneration(state, run) !== undefined && state.hasTask)
        return { task: pictured(open.log) };
      return blockingResult(state, run) && { task: undefined };
    },
    { signal },
  );
  return known && (known.task ?? blockingAnswer(open, storage, run, signal));
}

/** Resolves with the task as it is now. */
async function pictured(log: OpenLog['log']): Promise<SendAnswer | undefined> {
  const { generation, clock } = log;
  const picture = log.picture();
  return picture && { task: await inSlices(picture.copying(), clock), generation };
}

/** The fold at hand, if it is that of the result: later events of other runs may be in it. */
function folded(open: OpenLog, state: LogState, result: RunResult): TaskPicture | undefined {
  return open.log.generation === result.generation && state.hasTask
    ? open.log.picture()
    : undefined;
}
