import { BackendError } from '@a2a-aws/core';
import type { Run } from '@a2a-aws/core/internal';
import type { RequestContext } from '@a2a-js/sdk/server';

/** The facts about a run that the SDK's `RequestContext` lacks. */
export interface RunContext {
  /**
   * Aborts when the executor must stop: a cancel was requested, the task was ended elsewhere, this
   * instance was declared dead or stops. Not when the executor itself has ended the task, unless it
   * goes on for longer than it may.
   */
  readonly signal: AbortSignal;
  /** 1 for the first execution of the message; more if instances that executed it were lost. */
  readonly attempt: number;
  /**
   * Resolves once everything published so far is durable.
   * @throws {BackendError} `sealed` if an event that was published will never enter the task's log.
   */
  flush(): Promise<void>;
}

const contexts = new WeakMap<RequestContext, RunContext>();

/** Returns the run of this request context, or `undefined` if no backend created it. *
 * @example
 * ```ts
 * import type { AgentExecutor } from '@a2a-js/sdk/server';
 * import { runContext } from 'a2a-aws';
 *
 * const executor: AgentExecutor = {
 *   async execute(request, bus) {
 *     const signal = runContext(request)?.signal ?? null; // aborts when the task is canceled
 *     const answer = await fetch('https://model.example', { signal });
 *   },
 *   async cancelTask() {},
 * };
 * ```
 */
export function runContext(requestContext: RequestContext): RunContext | undefined {
  return contexts.get(requestContext);
}

/** Lets the executor find its run. */
export function bindRun(requestContext: RequestContext, run: Run): void {
  contexts.set(requestContext, {
    signal: run.signal,
    attempt: run.attempt,
    flush: async () => {
      await run.flush();
      if (run.isWhole) return;
      throw new BackendError('sealed', 'Some of what was published is not in the task.');
    },
  });
}
