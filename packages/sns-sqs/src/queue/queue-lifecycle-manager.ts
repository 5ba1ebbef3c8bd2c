import {
  BackendError,
  type Clock,
  type FanoutAddress,
  type FormerAddress,
  type Logger,
  systemClock,
  type TeardownProof,
} from '@a2a-aws/core';
import { KeyedSerialQueue } from '@a2a-aws/core/internal';
import type { SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueueTagsCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsError, callAws, isQueueMissing, required } from '../aws-error.ts';
import { parseTopicArn, queueArn } from '../topic/topic-arn.ts';
import { TopicSubscriptions } from '../topic/topic-subscriptions.ts';
import { isQueueName, queueDefaults, queueName, queueTag } from './queue-definition.ts';
import { isMarked } from './queue-mark.ts';
import { queuePolicy } from './queue-policy.ts';
import { findQueueUrl } from './queue-url.ts';

export interface QueueLifecycleManagerOptions {
  readonly sqs: Pick<SQSClient, 'send'>;
  /** @default none: queues have no subscription, and instances send to them directly */
  readonly topic?: {
    readonly sns: Pick<SNSClient, 'send'>;
    /** The ARN of a standard topic; the queues are created in its region and account. */
    readonly arn: string;
  };
  /** The beginning of this fleet's queue names. */
  readonly prefix: string;
  /**
   * The fleet's dead-letter queue.
   * @default an unreadable message is delivered again until it expires
   */
  readonly deadLetterArn?: string;
  /**
   * The ARN of the table that holds the leases of this fleet. It becomes a tag of the queues,
   * without which no sweep removes them. A function is called once for each queue.
   * @default queues are removed only by their leases
   */
  readonly table?: string | (() => Promise<string>);
  /** @default the clock of this machine */
  readonly clock?: Clock;
  readonly logger: Logger;
}

/** The number of removed queues to remember: more than ever wait for their second pass at once. */
const MAX_REMOVED = 10_000;

/** The endpoint of an instance. */
export interface QueueProvisionResult extends FanoutAddress {
  readonly queueName: string;
  readonly queueUrl: string;
}

/**
 * Creates and removes the queue of an instance and its subscription to the topic, if there is one.
 *
 * Both are safe to repeat and to interrupt anywhere. Calls for one instance on one manager run one
 * after the other. Other processes (a janitor, once the instance was declared dead) only ever
 * remove.
 */
export class QueueLifecycleManager {
  readonly #options: QueueLifecycleManagerOptions;
  readonly #subscriptions: TopicSubscriptions | undefined;
  /** The names of queues that were removed here, the oldest first. */
  readonly #removed = new Set<string>();
  /** The calls for each instance. */
  readonly #calls = new KeyedSerialQueue();

  constructor(options: QueueLifecycleManagerOptions) {
    this.#options = options;
    const { topic, clock = systemClock } = options;
    this.#subscriptions = topic && new TopicSubscriptions(topic.sns, topic.arn, clock);
  }

  /**
   * Creates the queue with all its attributes, then subscribes it to the messages for `instance`.
   * If subscribing fails, the queue stays: the next call completes it, and {@link teardown} removes
   * it. A queue or subscription that exists already must have the same attributes.
   *
   * @param name the queue's name; by default the prefix and the instance
   *
   * Source: Amazon SQS, "CreateQueue"; Amazon SNS, "Subscribe" (both answer a repeated call with
   * the existing resource; SQS blocks a deleted queue's name for 60 seconds).
   *
   * @throws {BackendError} `configuration` (names), `name-taken` (a queue or subscription with
   * other attributes, or the name of a deleted queue that is still blocked), `topic-full` (no room
   * for another filter policy), `topic-mismatch`, `topic-not-found`, `access-denied`, or
   * `unreachable`.
   */
  provision(instance: string, name?: string): Promise<QueueProvisionResult> {
    return this.#calls.run(instance, () => this.#provision(instance, name));
  }

  /**
   * Subscribes the queue at `known` again. Resolves to false if its subscription was not the known
   * one, so that {@link provision} must be called. Without a topic, resolves to true and calls
   * nothing.
   *
   * @throws {BackendError} as {@link provision}.
   */
  confirm(instance: string, known: FanoutAddress): Promise<boolean> {
    return this.#calls.run(instance, async () => {
      const { queueName: name } = known;
      if (!this.#subscriptions || name === undefined) return true;
      const [arn, table] = [this.#arnOf(name), await this.#table()];
      return (await this.#subscriptions.add(instance, arn, table)) === known.subscriptionArn;
    });
  }

  /**
   * Removes the subscription, then the queue. `known` (from the lease row) saves the search for
   * them, and names queues with another name, former ones included. With the proof `mark`, a queue
   * and its subscription stay unless the queue's tags name this fleet's prefix, topic and table. If
   * this manager has removed the queue before, it searches for subscriptions anyway: one that was
   * created late has another ARN.
   *
   * Source: Amazon SNS, "Unsubscribe"; Amazon SQS, "DeleteQueue" (takes up to 60 seconds; neither
   * removes the other), "ListQueueTags".
   *
   * @throws {BackendError} as {@link provision}, after having tried both.
   */
  teardown(
    instance: string,
    known: FanoutAddress = {},
    proof: TeardownProof = 'lease',
  ): Promise<void> {
    return this.#calls.run(instance, async () => {
      const { former = [], ...current } = known;
      let failure: BackendError | undefined;
      for (const one of [current, ...former]) {
        failure = (await settled(this.#teardown(instance, one, proof))) ?? failure;
      }
      if (failure) throw failure;
    });
  }

  async #provision(instance: string, given: string | undefined): Promise<QueueProvisionResult> {
    const name = given ?? queueName(this.#options.prefix, instance);
    if (!isQueueName(name)) throw new BackendError('configuration', 'The name is no queue name.');
    const queueUrl = await this.#createQueue(instance, name);
    const [arn, table] = [this.#arnOf(name), await this.#table()];
    const subscriptionArn = await this.#subscriptions?.add(instance, arn, table);
    return { queueName: name, queueUrl, ...(subscriptionArn ? { subscriptionArn } : {}) };
  }

  async #createQueue(instance: string, name: string): Promise<string> {
    const { sqs, topic, prefix, deadLetterArn } = this.#options;
    const table = await this.#table();
    const redrive = {
      deadLetterTargetArn: deadLetterArn,
      maxReceiveCount: queueDefaults.maxReceiveCount,
    };
    // All attributes are set in this call, because a later change needs up to 60 seconds.
    const input = {
      QueueName: name,
      Attributes: {
        Policy: JSON.stringify(queuePolicy(this.#arnOf(name), topic?.arn)),
        SqsManagedSseEnabled: 'true',
        MessageRetentionPeriod: String(queueDefaults.messageRetentionSeconds),
        VisibilityTimeout: String(queueDefaults.visibilityTimeoutSeconds),
        ...(deadLetterArn ? { RedrivePolicy: JSON.stringify(redrive) } : {}),
      },
      tags: {
        [queueTag.instance]: instance,
        [queueTag.prefix]: prefix,
        ...(topic ? { [queueTag.topic]: topic.arn } : {}),
        ...(table ? { [queueTag.table]: table } : {}),
      },
    };
    const { QueueUrl } = await callAws(sqs.send(new CreateQueueCommand(input)));
    return required(QueueUrl);
  }

  async #teardown(instance: string, known: FormerAddress, proof: TeardownProof): Promise<void> {
    const name = known.queueName ?? queueName(this.#options.prefix, instance);
    if (proof === 'mark' && !(await this.#isMarked(instance, name, known.queueUrl))) {
      this.#options.logger.warn('queue.left', { dead: instance });
      return;
    }
    await this.#remove(name, known);
    this.#removed.add(name);
    for (const oldest of this.#removed) {
      if (this.#removed.size <= MAX_REMOVED) return;
      this.#removed.delete(oldest);
    }
  }

  /**
   * Resolves with true if the queue's tags name this fleet. Also for a queue that is gone, because
   * its subscription delivers no messages.
   */
  async #isMarked(instance: string, name: string, url: string | undefined): Promise<boolean> {
    const { sqs, topic, prefix } = this.#options;
    const QueueUrl = url ?? (await findQueueUrl(sqs, name));
    if (!QueueUrl) return true;
    const listed = await callAws(sqs.send(new ListQueueTagsCommand({ QueueUrl })), isQueueMissing);
    if (!listed) return true;
    const table = await this.#table();
    const mark = { instance, prefix, topicArns: topic ? [topic.arn] : [], table };
    return table !== undefined && isMarked(listed.Tags, { ...mark, table }, 'also-by-name');
  }

  async #table(): Promise<string | undefined> {
    const { table } = this.#options;
    return typeof table === 'function' ? await table() : table;
  }

  async #remove(name: string, known: FanoutAddress): Promise<void> {
    const unsubscribed = await settled(this.#unsubscribe(name, known.subscriptionArn));
    const deleted = await settled(this.#deleteQueue(name, known.queueUrl));
    const failure = unsubscribed ?? deleted;
    if (failure) throw failure;
  }

  async #unsubscribe(name: string, known: string | undefined): Promise<void> {
    if (this.#subscriptions) {
      await this.#subscriptions.remove(this.#arnOf(name), known);
      if (known && this.#removed.has(name)) {
        await this.#subscriptions.remove(this.#arnOf(name), undefined);
      }
    } else if (known) {
      // Throws, so that the lease row stays until an instance with a topic cleans up.
      throw new BackendError(
        'configuration',
        'The instance has a subscription, but no topic is known.',
      );
    }
  }

  async #deleteQueue(name: string, known: string | undefined): Promise<void> {
    const { sqs } = this.#options;
    const QueueUrl = known ?? (await findQueueUrl(sqs, name));
    if (!QueueUrl) return;
    await callAws(sqs.send(new DeleteQueueCommand({ QueueUrl })), isQueueMissing);
  }

  /**
   * Returns the queue's ARN before it exists; without a topic `*`, which in its policy means the
   * queue itself.
   */
  #arnOf(name: string): string {
    const { topic } = this.#options;
    return topic ? queueArn(parseTopicArn(topic.arn), name) : '*';
  }
}

async function settled(work: Promise<void>): Promise<BackendError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return awsError(error);
  }
}
