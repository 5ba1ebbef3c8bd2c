import { BackendError } from '@a2a-aws/core';
import { type JanitorReport, runJanitor } from './janitor.ts';

/** The part of Lambda's context that is needed here. */
export interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

/** Kept of the invocation's time for a clean end. */
const RESERVE_MS = 20_000;

/**
 * A Lambda function's handler: one round of {@link runJanitor}, with the options that the environment
 * names. Fails if anything could not be cleaned up, or not in its time, so that an alarm on the function's errors tells.
 */
export async function handler(_event: unknown, context: LambdaContext): Promise<JanitorReport> {
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), context.getRemainingTimeInMillis() - RESERVE_MS);
  try {
    const report = await runJanitor({}, time.signal);
    process.stdout.write(`${JSON.stringify({ event: 'janitor.round', ...report })}\n`);
    if (report.failed + report.left > 0) {
      throw new BackendError('unreachable', 'Some of what the dead left could not be removed.');
    }
    return report;
  } finally {
    clearTimeout(timer);
  }
}
