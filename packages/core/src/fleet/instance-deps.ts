import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import type { PushLedger } from '../ports/push-ledger.ts';
import type { PushTransport } from '../pushes/push-transport.ts';
import type { FindResumer } from '../runs/resumption.ts';
import type { LeaseSettings } from './lease-settings.ts';
import type { Role } from './role.ts';

export interface InstanceDeps {
  /** A name and a nonce: never used twice. */
  readonly id: string;
  readonly queueName: string;
  /** The host and the release, for people who read the lease row. */
  readonly host?: string | undefined;
  readonly version?: string | undefined;
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
  /**
   * Both use a client of their own, for heartbeats and cleaning up, which must not wait for a socket
   * behind the requests of clients.
   * @default storage and registry
   */
  readonly control?: ControlPorts | undefined;
  readonly fanout: Fanout;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  /** How long a task stays visible after it ended or was last worked on; milliseconds. */
  readonly retentionMs: number;
  /** The limit of bytes that wait to be written. @default an eighth of the heap, at most 128 MiB */
  readonly backlogBytes?: number | undefined;
  /** How long events wait at most to share a record, in milliseconds. @default 250 */
  readonly maxRecordDelayMs?: number | undefined;
  /** False if doorbells must not contain records, only their places. @default true */
  readonly inlineContent?: boolean | undefined;
  /** How long cancels wait here for their runs, in milliseconds. @default 10,000 */
  readonly cancelDeadlineMs?: number | undefined;
  /** @default server */
  readonly role?: Role;
  /** Returns the executor of resumed runs, if the runs of dead instances are resumed. */
  readonly resumer?: FindResumer;
  /** The delivery of push notifications. @default none */
  readonly pushes?: PushDelivery | undefined;
}

/** The ports that an instance renews its lease and cleans up with. */
export interface ControlPorts {
  readonly storage: LogStorage;
  readonly registry: InstanceRegistry;
}

/** The parts of the delivery of push notifications that outlive an instance. */
export interface PushDelivery {
  readonly ledger: PushLedger;
  /** Returns the transport of this process; `undefined` until a handler delivers. */
  readonly transport: () => PushTransport | undefined;
}
