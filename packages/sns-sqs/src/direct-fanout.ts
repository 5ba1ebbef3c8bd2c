import type {
  Fanout,
  FanoutAddress,
  FanoutReceiver,
  FanoutStats,
  TeardownProof,
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

export type DirectFanoutOptions = InstanceQueuesOptions;

/**
 * The doorbell without a topic: instances send to each other's queues. One hop fewer than over SNS,
 * and no limit of subscriptions; a record costs a call for each instance that hears it.
 */
export class DirectFanout implements Fanout {
  readonly rings: boolean = true;
  readonly maxBytes: number;
  readonly #options: DirectFanoutOptions;
  readonly #queues: InstanceQueues;
  readonly #sender: DoorbellSender;
  readonly #missing = new MissingQueues();

  constructor(options: DirectFanoutOptions) {
    this.#options = options;
    const manager = new QueueLifecycleManager(options);
    this.#queues = new InstanceQueues(options, () => manager);
    this.#sender = new DoorbellSender({
      ...options,
      addressBytes: () => 0,
      wayTo: (target) => this.#queueOf(target),
      send: (queueUrl, messages) => this.#send(queueUrl, messages),
    });
    this.maxBytes = this.#sender.maxBytes;
  }

  /** The instances share nothing. */
  async check(): Promise<void> {}

  instanceId(name: string, nonce: string): string {
    return `${name}-${nonce}`;
  }

  provision(instance: string): Promise<QueueProvisionResult> {
    return this.#queues.provision(instance);
  }

  teardown(instance: string, address?: FanoutAddress, proof?: TeardownProof): Promise<void> {
    return this.#queues.teardown(instance, address, proof);
  }

  receive(instance: string, onMessage: (message: string) => void): FanoutReceiver {
    return this.#queues.receive(instance, onMessage);
  }

  publish(targets: readonly string[], message: string): Promise<void> {
    return this.#sender.publish(targets, message);
  }

  stats(): FanoutStats {
    return { ...this.#sender.stats, ...this.#queues.stats };
  }

  /** All queues of a fleet are in one account and region: their URLs differ in the name alone. */
  #queueOf(target: string): string | undefined {
    const url = this.#queues.anyUrl;
    const name = `${this.#options.prefix}-${target}`;
    if (!url || target === '' || !isQueueName(name)) return undefined;
    const queue = url.slice(0, url.lastIndexOf('/') + 1) + name;
    return this.#missing.isGone(queue, this.#options.clock.now()) ? undefined : queue;
  }

  async #send(queueUrl: string, messages: readonly Addressed[]): Promise<readonly EntryOutcome[]> {
    const { sqs, clock } = this.#options;
    const Entries = messages.map(({ message }, index) => ({
      Id: String(index),
      MessageBody: message,
    }));
    try {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
      const outcomes = entryOutcomes(Entries.length, await sqs.send(command));
      this.#missing.found(queueUrl);
      return outcomes;
    } catch (error) {
      if (!isQueueMissing(error)) throw awsError(error);
      // Of an instance that is gone: no fault.
      this.#missing.missed(queueUrl, clock.now());
      return Entries.map(() => 'refused');
    }
  }
}
