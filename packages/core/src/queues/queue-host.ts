import type { Clock } from '../ports/clock.ts';
import type { ConsumerOffsets } from '../ports/consumer-offsets.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { Begun, Intents, RunRequest } from '../runs/intents.ts';
import type { TaskKey } from '../task-key.ts';

/** The part of an instance that queues need. */
export interface QueueHost {
  readonly logs: Pick<OpenLogs, 'acquire' | 'follow' | 'release'>;
  readonly intents: Pick<Intents, 'author' | 'finish'>;
  /** Aborts when the instance stops or has died. */
  readonly signal: AbortSignal;
  /** Throws a coded error if the instance takes no work. */
  assertReady(): void;
  begin(key: TaskKey, request: RunRequest): Promise<Begun>;
}

export interface QueueDeps {
  /** Returns the current instance of this process. */
  readonly host: () => QueueHost;
  readonly offsets: ConsumerOffsets;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
}
