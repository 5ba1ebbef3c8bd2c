import type { Cluster, ClusterInstance } from '@a2a-aws/local';
import type { Transcript } from './transcript.ts';

/** Where a scene plays. */
export interface Stage {
  readonly cluster: Cluster;
  readonly transcript: Transcript;
  readonly a: ClusterInstance;
  /** The id of the backend on A; its queue's name ends with it. */
  readonly idOfA: string;
  readonly b: ClusterInstance;
  /** `b` again in a cluster of two. */
  readonly c: ClusterInstance;
}

/** One chapter of the story: says what it does, does it, and states what held. */
export interface Scene {
  title(stage: Stage): string;
  play(stage: Stage): Promise<void>;
}

/** How long anything that should come at once may take, in milliseconds. */
export const PATIENCE_MS = 15_000;

export async function stageOf(cluster: Cluster, transcript: Transcript): Promise<Stage> {
  const [a, b, c = b] = cluster.instances;
  if (!a || !b || !c) throw new Error('The story needs two instances.');
  const { instance: idOfA } = await a.stats();
  return { cluster, transcript, a, idOfA, b, c };
}
