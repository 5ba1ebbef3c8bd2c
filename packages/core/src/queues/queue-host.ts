import type { Clock } from '../clock.ts';
import type { Entropy } from '../entropy.ts';
import type { Feed } from '../feed/feed.ts';
import type { Begun, RunRequest, Runs } from '../instances/runs.ts';
import type { Logger } from '../logger.ts';
import type { TaskKey } from '../task-key.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';

/** What queues need of the instance that they live on. */
export interface QueueHost {
  readonly feed: Pick<Feed, 'acquire' | 'release'>;
  readonly runs: Pick<Runs, 'author' | 'finish'>;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
  /** Throws the coded error that says why the instance takes no work. */
  assertReady(): void;
  begin(key: TaskKey, request: RunRequest): Promise<Begun>;
}

export interface QueueDeps {
  /** The instance that this process is now. */
  readonly host: () => QueueHost;
  readonly offsets: ConsumerOffsets;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}
