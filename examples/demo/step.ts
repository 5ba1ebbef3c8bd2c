import type { Cluster, ClusterInstance } from '@a2a-aws/local';
import type { Transcript } from './transcript.ts';

/** The cluster that the steps use, and the transcript that they write. */
export interface StepContext {
  readonly cluster: Cluster;
  readonly transcript: Transcript;
  readonly a: ClusterInstance;
  /** The id of the backend on A; its queue's name ends with it. */
  readonly idOfA: string;
  readonly b: ClusterInstance;
  /** The same instance as `b` in a cluster of two. */
  readonly c: ClusterInstance;
}

/** One step of the demo. Its title says what it does, and the transcript gets its checked facts. */
export interface Step {
  title(context: StepContext): string;
  run(context: StepContext): Promise<void>;
}

/** The longest time for an answer that should come at once, in milliseconds. */
export const PATIENCE_MS = 20_000;

/** Resolves with the context of the steps. Rejects if the cluster has fewer than two instances. */
export async function contextOf(cluster: Cluster, transcript: Transcript): Promise<StepContext> {
  const [a, b, c = b] = cluster.instances;
  if (!a || !b || !c) throw new Error('The demo needs two instances.');
  const { instance: idOfA } = await a.stats();
  return { cluster, transcript, a, idOfA, b, c };
}
