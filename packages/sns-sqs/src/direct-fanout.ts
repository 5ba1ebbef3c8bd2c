import {
  errorFields,
  type Fanout,
  type FanoutAddress,
  type FanoutReceiver,
  type FanoutStats,
  type TeardownProof,
} from '@a2a-aws/core';
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
   * Where an instance is heard, as its lease row says: asked if its queue is not where it was.
   * @default none: instances whose queue was replaced are reached by the log alone
   */
  readonly addressOf?: ((instance: string) => Promise<FanoutAddress | undefined>) | undefined;
}

/** Instances whose queue has moved that are remembered; of more, they are asked for again. */
const MAX_MOVED = 1_000;

/**
 * The doorbell without a topic: instances send to each other's queues. One hop fewer than over SNS,
 * and no limit of subscriptions; a record costs a call for each instance that hears it.
 */
export class DirectFanout implements Fanout {
  readonly delivers: boolean = true;
  readonly needsLiveInstances: boolean = false;
  readonly maxBytes: number;
  readonly #options: DirectFanoutOptions;
  readonly #queues: InstanceQueues;
  readonly #sender: DoorbellSender;
  readonly #missing = new MissingQueues();
  /** Queues that are not where they would be by their instance's id; the oldest first. */
  readonly #moved = new Map<string, string>();

  constructor(options: DirectFanoutOptions) {
    this.#options = options;
    const manager = new QueueLifecycleManager(options);
    this.#queues = new InstanceQueues(options, () => manager);
    this.#sender = new DoorbellSender({
      ...options,
      addressBytes: () => 0,
      wayTo: (target) => this.#wayTo(target),
      send: (target, messages) => this.#send(target, messages),
    });
    this.maxBytes = this.#sender.maxBytes;
  }

  /** The instances share nothing. */
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

  publish(targets: readonly string[], message: string): Promise<boolean> {
    return this.#sender.publish(targets, message);
  }

  stats(): FanoutStats {
    return { ...this.#sender.stats, ...this.#queues.stats };
  }

  /** An instance is one way: it has one queue at a time. */
  #wayTo(target: string): string | undefined {
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
    // No fault if the instance is gone or has no queue now.
    this.#missing.missed(target, address !== undefined, this.#options.clock.now());
    return messages.map(() => 'refused');
  }

  #found(target: string, outcomes: readonly EntryOutcome[]): readonly EntryOutcome[] {
    this.#missing.found(target);
    return outcomes;
  }

  /** All queues of a fleet are in one account and region: their URLs differ in the name alone. */
  #expectedUrl(target: string): string | undefined {
    const known = this.#queues.urlOf(target) ?? this.#moved.get(target);
    if (known) return known;
    const url = this.#queues.anyUrl;
    return url && `${url.slice(0, url.lastIndexOf('/') + 1)}${this.#options.prefix}-${target}`;
  }

  /** Where the lease of an instance that lives says that it is heard. */
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

  /** Undefined if there is no such queue. */
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
