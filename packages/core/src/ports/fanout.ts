/**
 * Carries doorbells between instances.
 *
 * Delivery may be late, repeated, reordered or lost: the log is the source of truth, so a lost
 * message only adds latency. An instance without an address still works, because it reads its logs.
 *
 * A message is a text of at most {@link Fanout.maxBytes} bytes. It consists of tab, line feed,
 * carriage return, and the Unicode characters from U+0020 to U+FFFD without surrogates. An
 * implementation neither reads nor logs messages. If several `isJoinable` messages wait for one
 * target, it may send the result of `joinMessages` instead; the receiver passes that on unchanged.
 *
 * To write one: implement this interface, run `fanoutSuite` of `@a2a-aws/testkit` on it, and pass
 * it to `createBackend({ fanout })`.
 */
export interface Fanout {
  /** The maximum size of one message, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** False if no message is ever delivered. Instances then poll their open logs all the time. */
  readonly delivers: boolean;
  /** False if {@link instanceId} ignores `known`, which is empty then. @default true */
  readonly needsLiveInstances?: boolean;
  /**
   * Checks the resource that all instances share, for example the topic.
   * @throws {BackendError} if it is missing or wrong
   */
  check(): Promise<void>;
  /**
   * Returns the id of a new instance. It consists of `name`, a `nonce` that was never used, and all
   * other data by which instances find each other by id alone. `known`: the ids of the instances
   * that may have an address now.
   */
  instanceId(name: string, nonce: string, known: readonly string[]): string;
  /**
   * Creates the instance's endpoint (for SNS: queue and subscription), named `name` where names are
   * used. Idempotent: another call completes an interrupted one, and creates again any part that
   * was deleted meanwhile. The instance's lease row must contain `name` before, so that a janitor
   * finds the endpoint. Resolves with `undefined` if the instance will not receive messages.
   *
   * @throws {BackendError} `topic-full` while there is no room; `name-taken` if only another name
   * can help, because the endpoint of this name has unexpected attributes or was deleted too
   * recently
   */
  provision(instance: string, name?: string): Promise<FanoutAddress | undefined>;
  /**
   * Checks at low cost that messages to `address` are still delivered. Resolves with false if they
   * were not: {@link provision} then completes the endpoint. Rejects as {@link provision}.
   * @default the receiver notices every loss
   */
  confirm?(instance: string, address: FanoutAddress): Promise<boolean>;
  /**
   * Removes everything that {@link provision} created for `instance`, complete or not: the parts
   * that `address` names, its `former` addresses included; without `address`, those with the
   * default name. Idempotent.
   */
  teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void>;
  /** Passes every message for a provisioned `instance` to `onMessage`, until closed. */
  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver;
  /**
   * Sends `message` to each of `targets` (instance ids). Resolves with true when the transport has
   * accepted it for all of them, with false if it was given up for any of them, which is counted.
   * Never rejects, because a lost doorbell is not a fault.
   *
   * `task`: the same text for all messages about one task; `undefined` if it is about none. A fan-out
   * that lets messages wait for others can tell many tasks from one fast task.
   */
  publish(targets: readonly string[], message: string, task?: string): Promise<boolean>;
  /** Returns counters since the start. */
  stats(): FanoutStats;
}

/**
 * The proof that an instance belongs to this fleet.
 *
 * - `lease`: its lease proves it
 * - `mark`: an older release wrote the lease, which does not name its table, so only resources that
 *   are themselves marked as this table's may be removed; the rest stays
 *
 * @default lease
 */
export type TeardownProof = 'lease' | 'mark';

/**
 * An instance's endpoint as stored in its lease row. Fields are absent if unknown or not used by
 * the transport.
 */
export interface FanoutAddress {
  readonly queueName?: string;
  readonly queueUrl?: string;
  readonly subscriptionArn?: string;
  /** Abandoned addresses, which may still exist. */
  readonly former?: readonly FormerAddress[];
}

/** An abandoned address. */
export type FormerAddress = Omit<FanoutAddress, 'former'>;

export interface FanoutReceiver {
  /** True if the last attempt to receive messages succeeded. */
  readonly healthy: boolean;
  /** True once the source of its messages no longer exists, so that no message will arrive. */
  readonly lost?: boolean | undefined;
  /** Stops receiving messages. Resolves when the last one was handled. */
  close(): Promise<void>;
}

export interface FanoutStats {
  /** Messages × targets accepted by the transport. */
  readonly published: number;
  /** Messages × targets given up. */
  readonly publishFailed: number;
  readonly received: number;
  /** Messages that could not be read, which were left in their queue. */
  readonly unreadable: number;
}

/** Returns true if both name the same queue and the same subscription. */
export function isSameAddress(a: FanoutAddress, b: FanoutAddress): boolean {
  return (
    a.queueName === b.queueName &&
    a.queueUrl === b.queueUrl &&
    a.subscriptionArn === b.subscriptionArn
  );
}
