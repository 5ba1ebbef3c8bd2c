import { blockingResult } from './run-outcome.ts';
import type { LogState } from './state.ts';

/**
 * Decides whether a message that has started a run before is a retry: `always`, only while that run is
 * `unanswered`, or `never`.
 */
export type RetryRule = 'always' | 'unanswered' | 'never';

/**
 * Returns the run that this message has started before, if the message is a retry by `rule`;
 * `undefined` if it is a new message. `digest` covers the message's id and its content.
 */
export function retriedRun(
  state: LogState,
  digest: string | undefined,
  rule: RetryRule,
): string | undefined {
  if (digest === undefined || rule === 'never') return undefined;
  const run = state.messages.get(digest);
  if (run === undefined || rule === 'always') return run;
  return blockingResult(state, run) === undefined ? run : undefined;
}
