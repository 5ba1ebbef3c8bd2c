import type { Clock } from '../ports/clock.ts';
import type { ConsumerOffsets } from '../ports/consumer-offsets.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { Begun, Intents, RunRequest } from '../runs/intents.ts';
import type { TaskKey } from '../task-key.ts';

/** What queues need of the instance that they live on. */
export interface QueueHost {
  readonly logs: Pick<OpenLogs, 'acquire' | 'follow' | 'release'>;
  readonly intents: Pick<Intents, 'author' | 'finish'>;
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
