import type { Cluster } from '@a2a-aws/local';
import { contextOf, type Step } from './step.ts';
import { cancel } from './steps/cancel.ts';
import { crash } from './steps/crash.ts';
import { follow } from './steps/follow.ts';
import { joinLate } from './steps/join-late.ts';
import { shutdown } from './steps/shutdown.ts';
import type { Transcript } from './transcript.ts';

/** All steps, in their order: A dies in the fourth, and all others stop in the last. */
export const ALL_STEPS: readonly Step[] = [follow, joinLate, cancel, crash, shutdown];

/**
 * Runs steps on a cluster of counting agents with at least two instances. The transcript gets every
 * fact that does not hold. After a step that fails, the next one runs.
 */
export async function runSteps(
  steps: readonly Step[],
  cluster: Cluster,
  transcript: Transcript,
): Promise<void> {
  const context = await contextOf(cluster, transcript);
  for (const [index, step] of steps.entries()) {
    transcript.text();
    transcript.text(`${index + 1}  ${step.title(context)}`);
    try {
      await step.run(context);
    } catch (error) {
      transcript.failure(error instanceof Error ? error.message : String(error));
    }
  }
}
