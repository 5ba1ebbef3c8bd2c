/**
 * How a doorbell reaches other instances.
 *
 * Delivery may be late, repeated, reordered or lost: the log is the truth, and a lost message costs
 * nothing but latency. An instance also works while it has no address at all: it reads its logs. Messages are texts of at most {@link Fanout.maxBytes} bytes, of tab, line
 * feed, carriage return and what Unicode has from U+0020 to U+FFFD without surrogates. An
 * implementation neither reads nor logs them; where several wait for one target it may send what
 * `joinMessages` makes of those that are `isJoinable`, and the receiver hands that over as it is.
 *
 * To write one: implement this interface, run `fanoutSuite` of `@a2a-aws/testkit` on it, and hand it
 * to `createBackend({ fanout })`.
 */
export interface Fanout {
  /** The most bytes of UTF-8 one message may have. */
  readonly maxBytes: number;
  /** False if nothing is ever delivered: instances then read their open logs all the time. */
  readonly delivers: boolean;
  /** False if {@link instanceId} does not look at `living`: it is given none then. @default true */
  readonly needsLiveInstances?: boolean;
  /** Fails with a coded error if what all instances share (the topic) is missing or wrong. */
  check(): Promise<void>;
  /**
   * The id of a new instance: of `name`, a `nonce` that was never used, and whatever others need to
   * find the instance by its id alone. `known`: the ids of the instances that may have an address now.
   */
  instanceId(name: string, nonce: string, known: readonly string[]): string;
  /**
   * Makes what `instance` is heard at, named `name` where names are used. Idempotent: a call that was
   * cut short is completed by the next, and what was deleted meanwhile is made again. The instance's
   * lease row must hold `name` before, so that a janitor finds what was made.
   * Undefined if the instance is not to be heard.
   *
   * Rejects with `topic-full` while there is no room, and with `name-taken` if only another name can
   * help: what has this name is not as it should be, or was deleted too recently.
   */
  provision(instance: string, name?: string): Promise<FanoutAddress | undefined>;
  /**
   * Makes sure, for little, that what brings messages to `address` is still there. False if it was not:
   * {@link provision} completes it. Rejects as {@link provision}.
   * @default nothing is lost without the receiver noticing
   */
  confirm?(instance: string, address: FanoutAddress): Promise<boolean>;
  /**
   * Removes all that {@link provision} made for `instance`, half-made or not: what `address` names, its
   * `former` addresses included; without it, what has the default name. Idempotent.
   */
  teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void>;
  /** Hands every message for a provisioned `instance` to `onMessage`, until closed. */
  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver;
  /**
   * Sends `message` to each of `targets` (instance ids). Resolves when the transport took it (true)
   * or it was given up for one of them (false, counted); never rejects: a lost doorbell is not a fault.
   */
  publish(targets: readonly string[], message: string): Promise<boolean>;
  /** Plain counters since the start. */
  stats(): FanoutStats;
}

/**
 * What proves that an instance belongs to this fleet. `lease`: its lease does. `mark`: an older
 * release wrote the lease, which does not say which table it is of, so only what is itself marked as
 * this table's may be removed; the rest stays. @default lease
 */
export type TeardownProof = 'lease' | 'mark';

/** Where an instance is heard, as kept in its lease row; as far as it is known, or there is such. */
export interface FanoutAddress {
  readonly queueName?: string;
  readonly queueUrl?: string;
  readonly subscriptionArn?: string;
  /** Addresses that were given up, and may still exist. */
  readonly former?: readonly FormerAddress[];
}

/** An address that was given up. */
export type FormerAddress = Omit<FanoutAddress, 'former'>;

export interface FanoutReceiver {
  /** True while the last look for messages succeeded. */
  readonly healthy: boolean;
  /** True once what it reads from no longer exists: no message will come. */
  readonly lost?: boolean | undefined;
  /** Stops taking messages; resolves when the last one was handled. */
  close(): Promise<void>;
}

export interface FanoutStats {
  /** Messages × targets taken by the transport. */
  readonly published: number;
  /** Messages × targets given up. */
  readonly publishFailed: number;
  readonly received: number;
  /** Messages that could not be read: left where they were. */
  readonly unreadable: number;
}
