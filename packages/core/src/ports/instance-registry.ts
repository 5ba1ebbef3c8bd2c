import type { TaskKey } from '../task-key.ts';
import type { FanoutAddress } from './fanout.ts';
import type { FleetKeys } from './fleet-keys.ts';

/**
 * A server process's claim to be alive. The process increments `beat`, and observers watch it
 * change.
 */
export interface Lease {
  /** The instance's id: a name and a nonce, never used twice. */
  readonly instance: string;
  readonly state: 'alive' | 'dead';
  /** Increments while the instance lives. */
  readonly beat: number;
  readonly address: FanoutAddress;
  /**
   * The lease expires after this long without a renewal, in milliseconds. If undefined, an observer
   * uses its own setting.
   */
  readonly leaseMs?: number | undefined;
  /**
   * The minimum time for which the instance has been dead, in milliseconds. See
   * {@link InstanceRegistry.noteDeadFor}.
   */
  readonly deadForMs?: number | undefined;
  /** This instance does not act as leader even if elected; another instance takes over. */
  readonly resigned?: boolean | undefined;
  /** False for a cleanup round of a janitor, which is alive but executes no runs. */
  readonly serves?: boolean | undefined;
  /** The {@link InstanceRegistry.identity} of the registry that the lease was written through. */
  readonly table?: string | undefined;
  /** The host that the instance runs on, for human readers. */
  readonly host?: string | undefined;
  /** The release that the instance runs, for human readers. */
  readonly version?: string | undefined;
  /**
   * The start and the last renewal by the instance's wall clock, in milliseconds since the epoch,
   * for human readers.
   */
  readonly startedAt?: number | undefined;
  readonly renewedAt?: number | undefined;
}

/** The lease of an instance that has stopped and knows of no resources that it left behind. */
export interface RetiredLease {
  readonly lease: Lease;
  /** The time of retirement by its wall clock, in milliseconds since the epoch. */
  readonly retiredAt: number;
}

/** The fields that a lease has from its beginning. */
export type LeaseTerms = Pick<Lease, 'leaseMs' | 'serves' | 'host' | 'version' | 'startedAt'>;

/**
 * An intent: `instance` may append to this task's log under `run`. It is written before the first
 * append and removed after the head holds the run's last status. So after a crash, intents name the
 * logs that need cleaning up. An intent contains no credentials and no headers.
 */
export interface Intent {
  readonly instance: string;
  readonly run: string;
  readonly key: TaskKey;
  /**
   * `execute` runs the agent; `cancel` and `clean` only append; `push` delivers the task's events to
   * its push configurations, and appends nothing.
   */
  readonly purpose: 'execute' | 'cancel' | 'clean' | 'push';
  /**
   * If set, the run may be executed again after this instance dies. Contains the data for that
   * besides the message in the log, as the server wrote it. Opaque here.
   */
  readonly resume?: string | undefined;
}

/**
 * States that an instance has taps on a task. `watch` is a fresh id, so a removed row never comes
 * back.
 */
export interface WatchRow {
  readonly instance: string;
  readonly watch: string;
  readonly key: TaskKey;
}

/**
 * Leases, intents, watches and doorbell keys of the instances of a fleet.
 *
 * A method rejects with `corrupt-log` if this release cannot read a row. Leases and watchers are an
 * exception: unreadable rows are left out and reported, because they must not block the work on all
 * others.
 *
 * All reads are strongly consistent and page to the end. Every method is safe to repeat. All reject
 * with a coded error (`unreachable` is worth another try), and a write that was rejected with
 * `unreachable` may still have taken effect.
 */
export interface InstanceRegistry extends FleetKeys {
  /**
   * Resolves with a name that identifies the location of these rows: for a table, its ARN. A copy
   * of the rows has another identity, so the leases in it do not belong to the fleet that uses the
   * copy.
   */
  identity(): Promise<string>;
  /**
   * Writes a new lease, alive, with this registry's identity. Resolves with false if the instance
   * was declared dead.
   */
  register(instance: string, queueName: string, terms?: LeaseTerms): Promise<boolean>;
  /**
   * Replaces the instance's address. A write of a lower `revision` that arrives late changes
   * nothing. Resolves with false if the lease is no longer alive.
   */
  setAddress(instance: string, address: FanoutAddress, revision: number): Promise<boolean>;
  /**
   * Sets the lease's `beat`. `renewedAt` is the wall clock, for human readers. Resolves with false
   * if the lease is no longer alive, so this instance was declared dead.
   */
  beat(instance: string, beat: number, renewedAt?: number): Promise<boolean>;
  /**
   * Declares the instance dead if its beat is still `seenBeat`. Resolves with true also if it was
   * dead already.
   */
  markDead(instance: string, seenBeat: number): Promise<boolean>;
  /**
   * Stores in a dead lease the minimum time for which it has been dead, in milliseconds. A shorter
   * time than the stored one changes nothing. A lease that is alive or gone is not changed.
   */
  noteDeadFor(instance: string, ms: number): Promise<void>;
  lease(instance: string): Promise<Lease | undefined>;
  leases(): Promise<Lease[]>;
  /** Removes the lease row. This is the last step of a cleanup. */
  removeLease(instance: string): Promise<void>;
  /** Copies a dead lease to the retired leases, then removes the lease. */
  retire(retired: RetiredLease): Promise<void>;
  /** Resolves with at most `limit` retired leases, the earliest first, read in one page. */
  retired(limit: number): Promise<RetiredLease[]>;
  removeRetired(retired: RetiredLease): Promise<void>;
  /**
   * Resolves with the id of the elected leader, which may be dead; `undefined` if there never was
   * one.
   */
  leader(): Promise<string | undefined>;
  /**
   * Sets whether the instance declines to act as leader. Resolves with false as {@link beat} does.
   */
  setResigned(instance: string, resigned: boolean): Promise<boolean>;
  /**
   * Makes `instance` the leader in place of `before`; `undefined` stands for no leader. Resolves
   * with false if another instance was faster.
   */
  lead(instance: string, before: string | undefined): Promise<boolean>;

  putIntent(row: Intent): Promise<void>;
  removeIntent(row: Intent): Promise<void>;
  /**
   * Resolves with the instance's intents. If `unreadable` is given, rows that cannot be read are
   * left out, and it is called with their errors.
   */
  intents(instance: string, unreadable?: (error: unknown) => void): Promise<Intent[]>;

  /** Writes the index row (under the instance), then the watch (under the task). */
  putWatch(row: WatchRow): Promise<void>;
  /** Removes the watch under the task; its index row stays until {@link removeWatchIndex}. */
  removeWatch(row: WatchRow): Promise<void>;
  /**
   * Removes the index row. Must be called at least one sweep after {@link removeWatch}, so that a
   * late write of the watch is found.
   */
  removeWatchIndex(row: WatchRow): Promise<void>;
  /** Resolves with the instance's watches; unreadable rows are treated as in {@link intents}. */
  watches(instance: string, unreadable?: (error: unknown) => void): Promise<WatchRow[]>;
  /** Resolves with the instances that have taps on this task. */
  watchers(key: TaskKey): Promise<Omit<WatchRow, 'key'>[]>;
}
