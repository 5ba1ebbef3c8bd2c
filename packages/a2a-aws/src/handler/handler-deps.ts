import type { Clock, Entropy, Logger, LogStorage, Scope } from '@a2a-aws/core';
import type { Instance } from '@a2a-aws/core/internal';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import type { RunGate } from '../overload/run-gate.ts';
import type { PushSettings } from '../pushes/push-settings.ts';
import type { Webhooks } from '../pushes/webhooks.ts';
import type { RetryDetection } from '../runs/retry-detection.ts';
import type { UserErrors } from '../user-code/user-error-reports.ts';

/** The parts of the backend that request handlers use. */
export interface HandlerDeps {
  /** Returns the current instance of this process. */
  readonly instance: () => Instance;
  readonly storage: LogStorage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: UserErrors;
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly cancelDeadlineMs: number;
  readonly entropy: Entropy;
  readonly retentionMs: number;
  readonly retryDetection: RetryDetection;
  /** Lets new runs start, unless this instance has too much work. */
  readonly gate: RunGate;
  readonly pushSettings: PushSettings;
  readonly webhooks: Pick<Webhooks, 'post'>;
}
