import type {
  Fanout,
  FanoutAddress,
  FanoutReceiver,
  FanoutStats,
  TeardownProof,
} from '@a2a-aws/core';
import { errorFields } from '@a2a-aws/core/internal';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { awsError, isQueueMissing } from './aws-error.ts';
import { type EntryOutcome, entryOutcomes } from './delivery/batch-outcome.ts';
import { type Addressed, DoorbellSender } from './delivery/doorbell-sender.ts';
import { MissingQueues } from './delivery/missing-queues.ts';
import { InstanceQueues, type InstanceQueuesOptions } from './queue/instance-queues.ts';
import { isQueueName } from './queue/queue-definition.ts';
import {
  QueueLifecycleManager,
  type QueueProvisionResult,
} from './queue/queue-lifecycle-manager.ts';

export interface DirectFanoutOptions extends InstanceQueuesOptions {
  /**
   * Returns the endpoint in an instance's lease row; called if its queue is no longer where it was.
   * @default none: instances whose queue was replaced find their events by reading the log
   */
  readonly addressOf?: ((instance: string) => Promise<FanoutAddress | undefined>) | undefined;
}

/** How many moved queues to remember. The addresses of others are read again. */
const MAX_MOVED = 1_000;

/**
 * Doorbells without a topic: instances send to each other's queues. This saves a hop compared with SNS,
 * and has no limit of subscriptions. A record costs at most one call for each instance that receives it.
 */
export class DirectFanout implements Fanout {
  readonly delivers: boolean = true;
  readonly needsLiveInstances: boolean = false;
  readonly maxBytes: number;
  readonly #options: DirectFanoutOptions;
  readonly #queues: InstanceQueues;
  readonly #sender: DoorbellSender;
  readonly #missing = new MissingQueues();
  /** The URLs of queues whose names do not follow from their instances' ids; the oldest first. */
  readonly #moved = new Map<string, string>();

  constructor(options: DirectFanoutOptions) {
    this.#options = options;
    const manager = new QueueLifecycleManager(options);
    this.#queues = new InstanceQueues(options, () => manager);
    this.#sender = new DoorbellSender({
      ...options,
      addressBytes: () => 0,
      routeTo: (target) => this.#routeTo(target),
      send: (target, messages) => this.#send(target, messages),
    });
    this.maxBytes = this.#sender.maxBytes;
  }

  /** Resolves at once: the instances share no topic. */
  async check(): Promise<void> {}

  instanceId(name: string, nonce: string): string {
    return `${name}-${nonce}`;
  }

  provision(instance: string, name?: string): Promise<QueueProvisionResult> {
    return this.#queues.provision(instance, name);
  }

  teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void> {
    return this.#queues.teardown(instance, address, proof);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    return this.#queues.receive(instance, onMessage);
  }

  publish(targets: readonly string[], message: string, task?: string): Promise<boolean> {
    return this.#sender.publish(targets, message, task);
  }

  stats(): FanoutStats {
    return { ...this.#sender.stats, ...this.#queues.stats };
  }

  /** Each instance is a route of its own: it has one queue at a time. */
  #routeTo(target: string): string | undefined {
    if (target === '' || !isQueueName(`${this.#options.prefix}-${target}`)) return undefined;
    return this.#missing.isGone(target, this.#options.clock.now()) ? undefined : target;
  }

  async #send(target: string, messages: readonly Addressed[]): Promise<readonly EntryOutcome[]> {
    const expected = this.#expectedUrl(target);
    const outcomes = expected && (await this.#sendTo(expected, messages));
    if (outcomes) return this.#found(target, outcomes);
    const address = await this.#askFor(target);
    const url = address?.queueUrl;
    const second = url && url !== expected ? await this.#sendTo(url, messages) : undefined;
    if (url && second) {
      this.#remember(target, url);
      return this.#found(target, second);
    }
    // Not an error: the instance is gone, or has no queue at the moment.
    this.#missing.missed(target, address !== undefined, this.#options.clock.now());
    return messages.map(() => 'refused');
  }

  #found(target: string, outcomes: readonly EntryOutcome[]): readonly EntryOutcome[] {
    this.#missing.found(target);
    return outcomes;
  }

  /** All queues of a fleet are in one account and region, so their URLs differ only in the name. */
  #expectedUrl(target: string): string | undefined {
    const known = this.#queues.urlOf(target) ?? this.#moved.get(target);
    if (known) return known;
    const url = this.#queues.anyUrl;
    return url && `${url.slice(0, url.lastIndexOf('/') + 1)}${this.#options.prefix}-${target}`;
  }

  /** Reads the endpoint of a live instance from its lease. */
  async #askFor(target: string): Promise<FanoutAddress | undefined> {
    try {
      return await this.#options.addressOf?.(target);
    } catch (error) {
      const { logger } = this.#options;
      logger.warn('fanout.address-unread', errorFields(error));
      return undefined;
    }
  }

  #remember(target: string, url: string): void {
    this.#moved.delete(target);
    this.#moved.set(target, url);
    for (const oldest of this.#moved.keys()) {
      if (this.#moved.size <= MAX_MOVED) return;
      this.#moved.delete(oldest);
    }
  }

  /** Resolves to `undefined` if there is no such queue. */
  async #sendTo(
    queueUrl: string,
    messages: readonly Addressed[],
  ): Promise<readonly EntryOutcome[] | undefined> {
    const Entries = messages.map(({ message }, index) => ({
      Id: String(index),
      MessageBody: message,
    }));
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      return entryOutcomes(Entries.length, await this.#options.sqs.send(command));
    } catch (error) {
      if (isQueueMissing(error)) return undefined;
      throw awsError(error);
    }
  }
}
