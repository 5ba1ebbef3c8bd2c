import type { Clock, Entropy, Logger } from '@a2a-aws/core';
import { errorFields, sleep } from '@a2a-aws/core/internal';
import { UnsubscribeCommand } from '@aws-sdk/client-sns';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { callAws, isNotFound, isQueueMissing } from '../aws-error.ts';
import { FleetQueues, type FleetQueuesOptions, type FleetSubscription } from './fleet-queues.ts';
import { findQueueUrl } from './queue-url.ts';

export interface QueueSweepOptions extends FleetQueuesOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  /** Resolves with true if the instance has a lease, alive or dead; strongly consistent. */
  readonly hasLease: (instance: string) => Promise<boolean>;
  /** The minimum age of a queue to be removed, in milliseconds. @default 10 minutes */
  readonly minAgeMs?: number | undefined;
}

/** Queues and subscriptions without a lease row, which belong to no instance. */
export interface Suspects {
  readonly queues: readonly string[];
  readonly subscriptions: readonly FleetSubscription[];
}

export interface SweepReport {
  readonly queues: number;
  readonly subscriptions: number;
  /** The number of resources that could not be checked or removed. */
  readonly failed: number;
}

const MIN_AGE_MS = 10 * 60_000;
/**
 * The time limit of a search for suspects of one kind, in milliseconds. A later round finds the
 * rest.
 */
const LOOK_MS = 60_000;
/** The pause between two removals, in milliseconds: SNS accepts 100 such calls a second. */
const PACE_MS = 20;

/**
 * The second sweep, for queues and subscriptions whose lease row is gone, created by requests that
 * completed after the cleanup. A lease row is written before its queue is created, removed after
 * the queue, and never written again. So a queue is dead if it existed when no lease row was found
 * for it.
 *
 * The sweep has two phases, with a lease time in between. If there are more resources than a round
 * can check, each round begins at another place.
 */
export class QueueSweep {
  readonly #options: QueueSweepOptions;
  readonly #fleet: FleetQueues;
  #failed = 0;

  constructor(options: QueueSweepOptions) {
    this.#options = options;
    this.#fleet = new FleetQueues(options);
  }

  /** Runs the first phase. Ends early when `signal` aborts. Never rejects; failures are counted. */
  async suspects(signal: AbortSignal): Promise<Suspects> {
    const subscriptions: FleetSubscription[] = [];
    const subscribed = await this.#listed(() => this.#fleet.subscriptions());
    await this.#each(
      subscribed,
      signal,
      async (subscription) => {
        if (await this.#isLost(subscription)) subscriptions.push(subscription);
      },
      LOOK_MS,
    );
    const queues: string[] = [];
    const urls = await this.#listed(() => this.#fleet.urls());
    await this.#each(
      urls,
      signal,
      async (url) => {
        if (await this.#isOwnerless(url)) queues.push(url);
      },
      LOOK_MS,
    );
    return { queues, subscriptions };
  }

  /** Runs the second phase, which removes the suspects that still belong to no instance. */
  async remove(suspects: Suspects, signal: AbortSignal): Promise<SweepReport> {
    const { sns, sqs, logger } = this.#options;
    const removed = { queues: 0, subscriptions: 0 };
    await this.#each(suspects.queues, signal, async (url) => {
      if (!(await this.#isOwnerless(url))) return;
      await callAws(sqs.send(new DeleteQueueCommand({ QueueUrl: url })), isQueueMissing);
      removed.queues += 1;
    });
    await this.#each(suspects.subscriptions, signal, async (subscription) => {
      if (!(await this.#isLost(subscription))) return;
      const { arn } = subscription;
      await callAws(sns.send(new UnsubscribeCommand({ SubscriptionArn: arn })), isNotFound);
      removed.subscriptions += 1;
    });
    if (removed.queues + removed.subscriptions > 0) logger.warn('sweep.removed', { ...removed });
    return { ...removed, failed: this.#failed };
  }

  async #isOwnerless(url: string): Promise<boolean> {
    const { clock, hasLease, minAgeMs = MIN_AGE_MS } = this.#options;
    const queue = await this.#fleet.describe(url);
    if (!queue || clock.now() - queue.createdAt < minAgeMs) return false;
    return !(await hasLease(queue.instance));
  }

  /**
   * Resolves with true if the subscription's queue and lease are gone. A queue that does not exist
   * yet has no subscription.
   */
  async #isLost(subscription: FleetSubscription): Promise<boolean> {
    const { sqs, hasLease } = this.#options;
    if ((await findQueueUrl(sqs, subscription.queueName)) !== undefined) return false;
    const instance = await this.#fleet.subscriber(subscription);
    return instance !== undefined && !(await hasLease(instance));
  }

  /** Resolves with all resources, starting at a random one; with none if they cannot be listed. */
  async #listed<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
    try {
      const all = await list();
      const first = Math.floor(this.#options.entropy.random() * all.length);
      return [...all.slice(first), ...all.slice(0, first)];
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  async #each<T>(
    items: readonly T[],
    signal: AbortSignal,
    work: (item: T) => Promise<void>,
    forMs: number = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const { clock } = this.#options;
    const end = clock.now() + forMs;
    for (const item of items) {
      if (signal.aborted || clock.now() >= end) return;
      try {
        await work(item);
      } catch (error) {
        // A resource that cannot be checked must not block the others.
        this.#fail(error);
      }
      await sleep(clock, PACE_MS, signal);
    }
  }

  #fail(error: unknown): void {
    this.#failed += 1;
    this.#options.logger.error('sweep.failed', errorFields(error));
  }
}
