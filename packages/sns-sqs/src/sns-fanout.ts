import {
  BackendError,
  type Fanout,
  type FanoutAddress,
  type FanoutReceiver,
  type FanoutStats,
  type TeardownProof,
} from '@a2a-aws/core';
import {
  GetTopicAttributesCommand,
  PublishBatchCommand,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { awsError } from './aws-error.ts';
import { type EntryOutcome, entryOutcomes } from './delivery/batch-outcome.ts';
import { type Addressed, DoorbellSender } from './delivery/doorbell-sender.ts';
import { InstanceQueues, type InstanceQueuesOptions } from './queue/instance-queues.ts';
import {
  QueueLifecycleManager,
  type QueueProvisionResult,
} from './queue/queue-lifecycle-manager.ts';
import { parseTopicArn } from './topic/topic-arn.ts';
import { TARGET_ATTRIBUTE } from './topic/topic-definition.ts';
import { leastFullShard, shardedId, shardOf } from './topic/topic-shards.ts';

export interface SnsFanoutOptions extends InstanceQueuesOptions {
  readonly sns: Pick<SNSClient, 'send'>;
  /**
   * A standard topic, shared by the fleet; or several that share the instances, since a topic takes 200 of
   * them by default. Topics may be added at the end while the fleet runs. Instances that do not know a new
   * topic yet send no doorbells to its instances, which find their events by reading the log.
   */
  readonly topicArn: string | readonly string[];
}

/** Doorbells over SNS topics and one SQS queue per instance. */
export class SnsFanout implements Fanout {
  readonly delivers: boolean = true;
  /** False with a single topic: an id then does not depend on the other instances. */
  readonly needsLiveInstances: boolean;
  readonly maxBytes: number;
  readonly #options: SnsFanoutOptions;
  readonly #topicArns: readonly string[];
  readonly #managers: readonly QueueLifecycleManager[];
  readonly #queues: InstanceQueues;
  readonly #sender: DoorbellSender;

  constructor(options: SnsFanoutOptions) {
    this.#options = options;
    this.#topicArns = [options.topicArn].flat();
    this.needsLiveInstances = this.#topicArns.length > 1;
    this.#managers = this.#topicArns.map(
      (arn) => new QueueLifecycleManager({ ...options, topic: { sns: options.sns, arn } }),
    );
    this.#queues = new InstanceQueues(options, (...of) => this.#managerOf(...of));
    this.#sender = new DoorbellSender({
      ...options,
      addressBytes: (target) => Buffer.byteLength(`${TARGET_ATTRIBUTE}String${target}`),
      routeTo: (target) => this.#topicArns[shardOf(target)],
      send: (topicArn, messages) => this.#send(topicArn, messages),
    });
    this.maxBytes = this.#sender.maxBytes;
  }

  /**
   * Reads the topics' attributes (Amazon SNS, "GetTopicAttributes").
   *
   * @throws {BackendError} `topic-not-found`, `topic-mismatch` (no topic ARN, or a FIFO topic),
   * `access-denied`, `unreachable`.
   */
  async check(): Promise<void> {
    for (const topicArn of this.#topicArns) parseTopicArn(topicArn);
    for (const { FifoTopic } of await Promise.all(this.#topicArns.map((arn) => this.#ask(arn)))) {
      if (FifoTopic !== 'true') continue;
      throw new BackendError(
        'topic-mismatch',
        'The topic is a FIFO topic; a standard one is needed.',
      );
    }
  }

  /** Returns an id on the topic with the fewest live instances. */
  instanceId(name: string, nonce: string, living: readonly string[]): string {
    const random = this.#options.entropy.random();
    return shardedId(name, leastFullShard(this.#topicArns.length, living, random), nonce);
  }

  provision(instance: string, name?: string): Promise<QueueProvisionResult> {
    return this.#queues.provision(instance, name);
  }

  confirm(instance: string, address: FanoutAddress): Promise<boolean> {
    return this.#queues.confirm(instance, address);
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

  #managerOf(instance: string, address?: FanoutAddress): QueueLifecycleManager {
    // With a known subscription the topic does not matter.
    const any = address?.subscriptionArn ? this.#managers[0] : undefined;
    const manager = this.#managers[shardOf(instance)] ?? any;
    if (manager) return manager;
    throw new BackendError('configuration', 'The instance is on a topic that is not known here.');
  }

  async #send(topicArn: string, messages: readonly Addressed[]): Promise<readonly EntryOutcome[]> {
    const entries = messages.map(({ target, message }, index) => ({
      Id: String(index),
      Message: message,
      MessageAttributes: { [TARGET_ATTRIBUTE]: { DataType: 'String', StringValue: target } },
    }));
    try {
      const command = new PublishBatchCommand({
        TopicArn: topicArn,
        PublishBatchRequestEntries: entries,
      });
      return entryOutcomes(entries.length, await this.#options.sns.send(command));
    } catch (error) {
      throw awsError(error);
    }
  }

  async #ask(topicArn: string): Promise<Record<string, string>> {
    try {
      const command = new GetTopicAttributesCommand({ TopicArn: topicArn });
      return (await this.#options.sns.send(command)).Attributes ?? {};
    } catch (error) {
      throw awsError(error);
    }
  }
}
