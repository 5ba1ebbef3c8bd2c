import type { TaskKey } from '../task-key.ts';
import type { FanoutAddress } from './fanout.ts';
import type { FleetKeys } from './fleet-keys.ts';

/** A server process's claim to be alive: it moves `beat`, observers watch it move. */
export interface Lease {
  /** The instance: a name and a nonce, never used twice. */
  readonly instance: string;
  readonly state: 'alive' | 'dead';
  /** Counts up while the instance lives. */
  readonly beat: number;
  readonly address: FanoutAddress;
  /** For how long it may be silent; milliseconds. If unknown, as long as the observer may itself. */
  readonly leaseMs?: number | undefined;
  /** For how long it has been dead at least; milliseconds. See {@link InstanceRegistry.noteDeadFor}. */
  readonly deadForMs?: number | undefined;
  /** It does not look after the others, even if it is named for it: whoever can takes its place. */
  readonly resigned?: boolean | undefined;
  /** False for a janitor's round: it lives, but executes nothing. */
  readonly serves?: boolean | undefined;
  /** The {@link InstanceRegistry.identity} of the registry that the lease was written through. */
  readonly table?: string | undefined;
  /** The host that the instance runs on. For people to read. */
  readonly host?: string | undefined;
  /** The release that the instance runs. For people to read. */
  readonly version?: string | undefined;
  /** The start and the last beat by the instance's wall clock, in milliseconds. For people to read. */
  readonly startedAt?: number | undefined;
  readonly renewedAt?: number | undefined;
}

/** The lease of an instance that has stopped and left nothing that it knows of. */
export interface RetiredLease {
  readonly lease: Lease;
  /** When it retired, by its wall clock; milliseconds. */
  readonly retiredAt: number;
}

/** What a lease says from its beginning. */
export type LeaseTerms = Pick<Lease, 'leaseMs' | 'serves' | 'host' | 'version' | 'startedAt'>;

/**
 * An intent: `instance` may append to this task's log under `run`. Written before the first append,
 * removed after the head holds the run's last status: whoever cleans up after a crash finds here
 * which logs to look at. Holds no credentials and no headers.
 */
export interface Intent {
  readonly instance: string;
  readonly run: string;
  readonly key: TaskKey;
  /** `execute` runs the agent; `cancel` and `clean` only append. */
  readonly purpose: 'execute' | 'cancel' | 'clean';
  /**
   * The run may be run again if this instance dies: what that takes besides the message in the log,
   * as its server wrote it. Opaque here.
   */
  readonly resume?: string | undefined;
}

/** "This instance has taps on that task." `watch` is a fresh id: a removed row never comes back. */
export interface WatchRow {
  readonly instance: string;
  readonly watch: string;
  readonly key: TaskKey;
}

/**
 * Leases, intents, watches and doorbell keys of the instances of a fleet.
 *
 * A row that this release cannot read fails what it is asked for with `corrupt-log`; it is left out,
 * and told of, where it must not keep all others from being looked after: among leases and watchers.
 *
 * All reads are strongly consistent and page to the end. Every method is safe to repeat; all fail
 * with a coded error (`unreachable` is worth another try), and a write that failed so may have
 * happened all the same.
 */
export interface InstanceRegistry extends FleetKeys {
  /**
   * What names the place of these rows and no other: for a table its ARN. A copy of the rows has
   * another identity, so the leases in it do not belong to the fleet that uses the copy.
   */
  identity(): Promise<string>;
  /** Writes a new lease, alive, with this registry's identity. False: the instance was declared dead. */
  register(instance: string, queueName: string, terms?: LeaseTerms): Promise<boolean>;
  /**
   * Says where the instance is heard, in place of what was said before. A write of a lower `revision`
   * that arrives late changes nothing. False: the lease is no longer alive.
   */
  setAddress(instance: string, address: FanoutAddress, revision: number): Promise<boolean>;
  /**
   * Moves the beat. `renewedAt` is the wall clock, for people to read. False: the lease is no longer
   * alive, so this instance has died.
   */
  beat(instance: string, beat: number, renewedAt?: number): Promise<boolean>;
  /** Declares dead, if the beat is still the one seen. True also if it was dead already. */
  markDead(instance: string, seenBeat: number): Promise<boolean>;
  /**
   * Writes into a dead lease for how long it has been dead at least, in milliseconds. A shorter time
   * changes nothing, and neither does that of a lease that is alive or gone.
   */
  noteDeadFor(instance: string, ms: number): Promise<void>;
  lease(instance: string): Promise<Lease | undefined>;
  leases(): Promise<Lease[]>;
  /** The last step of cleaning: the lease row goes when nothing else is left. */
  removeLease(instance: string): Promise<void>;
  /** Keeps what a dead lease says among the retired, then removes the lease. */
  retire(retired: RetiredLease): Promise<void>;
  /** At most `limit` of the retired, those that retired first; in one page. */
  retired(limit: number): Promise<RetiredLease[]>;
  removeRetired(retired: RetiredLease): Promise<void>;
  /** The instance that looks after all leases, if one ever did; it may be dead. */
  leader(): Promise<string | undefined>;
  /** Says that the instance does not look after the others, or may again. False: see {@link beat}. */
  setResigned(instance: string, resigned: boolean): Promise<boolean>;
  /** Puts `instance` in the place of `before`, or of nobody. False: another was faster. */
  lead(instance: string, before: string | undefined): Promise<boolean>;

  putIntent(row: Intent): Promise<void>;
  removeIntent(row: Intent): Promise<void>;
  /** Rows that cannot be read are left out if `unreadable` is told of them, with their errors. */
  intents(instance: string, unreadable?: (error: unknown) => void): Promise<Intent[]>;

  /** Writes the index row (under the instance), then the watch (under the task). */
  putWatch(row: WatchRow): Promise<void>;
  /** Removes the watch under the task; its index row stays until {@link removeWatchIndex}. */
  removeWatch(row: WatchRow): Promise<void>;
  /** Removes the index row: at least a sweep after the watch, so that a late write is found. */
  removeWatchIndex(row: WatchRow): Promise<void>;
  /** As {@link intents}. */
  watches(instance: string, unreadable?: (error: unknown) => void): Promise<WatchRow[]>;
  /** Who has taps on this task. */
  watchers(key: TaskKey): Promise<Omit<WatchRow, 'key'>[]>;
}
