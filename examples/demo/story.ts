import type { Cluster } from '@a2a-aws/local';
import { cancel } from './scenes/cancel.ts';
import { crash } from './scenes/crash.ts';
import { follow } from './scenes/follow.ts';
import { joinLate } from './scenes/join-late.ts';
import { shutdown } from './scenes/shutdown.ts';
import { type Scene, stageOf } from './stage.ts';
import type { Transcript } from './transcript.ts';

/** In this order: A dies in the fourth, all others end in the last. */
export const STORY: readonly Scene[] = [follow, joinLate, cancel, crash, shutdown];

/**
 * Plays scenes on a cluster of counting agents, of two instances or more. The transcript has
 * every fact that does not hold; a scene that fails is followed by the next.
 */
export async function tell(
  scenes: readonly Scene[],
  cluster: Cluster,
  transcript: Transcript,
): Promise<void> {
  const stage = await stageOf(cluster, transcript);
  for (const [index, scene] of scenes.entries()) {
    transcript.text();
    transcript.text(`${index + 1}  ${scene.title(stage)}`);
    try {
      await scene.play(stage);
    } catch (error) {
      transcript.failure(error instanceof Error ? error.message : String(error));
    }
  }
}
