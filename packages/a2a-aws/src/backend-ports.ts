import type {
  Clock,
  ConsumerOffsets,
  Entropy,
  Fanout,
  InstanceRegistry,
  LogStorage,
  PushLedger,
} from '@a2a-aws/core';
import type { ControlPorts } from '@a2a-aws/core/internal';
import type { PushNotificationStore } from '@a2a-js/sdk/server';
import type { AwsCalls } from './options/aws-calls.ts';
import type { Webhooks } from './pushes/webhooks.ts';

/** The adapters through which the backend reaches the outside world. */
export interface BackendPorts {
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  /** See `InstanceDeps.control`. */
  readonly control?: ControlPorts | undefined;
  readonly offsets: ConsumerOffsets;
  readonly fanout: Fanout;
  /** How far the push notifications of each task are. */
  readonly pushLedger: PushLedger;
  /** For handlers that are given none. */
  readonly pushNotificationStore?: PushNotificationStore | undefined;
  /** Attempts at webhooks. @default HTTPS */
  readonly webhooks?: Pick<Webhooks, 'post' | 'close'> | undefined;
  readonly clock: Clock;
  /** Returns for how many milliseconds the event loop has not been idle so far. @default 0 */
  readonly busyMs?: (() => number) | undefined;
  readonly entropy: Entropy;
  /** The calls that these ports make, as far as they can be aborted. */
  readonly calls?: Pick<AwsCalls, 'abort' | 'close'> | undefined;
}
