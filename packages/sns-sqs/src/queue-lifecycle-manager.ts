import { BackendError, errorCode, type FanoutAddress, type Logger } from '@a2a-aws/core';
import {
  ListSubscriptionsByTopicCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsError, isNotFound, isQueueMissing } from './aws-error.ts';
import { queuePolicy } from './queue-policy.ts';
import { findQueueUrl } from './queue-url.ts';
import { parseTopicArn, queueArn } from './topic-arn.ts';
import {
  ALL_TARGETS,
  queueDefaults,
  queueName,
  queueTag,
  TARGET_ATTRIBUTE,
} from './topic-definition.ts';

export interface QueueLifecycleManagerOptions {
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** A standard topic; the queues are made in its region and account. */
  readonly topicArn: string;
  /** What the names of this fleet's queues begin with. */
  readonly prefix: string;
  /**
   * The fleet's dead-letter queue.
   * @default - an unreadable message is delivered again until it expires
   */
  readonly deadLetterArn?: string;
  /**
   * Where the leases of this fleet are: a tag of the queues, without which no sweep removes them.
   * @default - queues are removed by their leases alone
   */
  readonly table?: string;
  readonly logger: Logger;
}

/** What an instance is heard at. */
export interface QueueProvisionResult extends FanoutAddress {
  readonly queueArn: string;
}

/**
 * Makes and removes the queue of an instance and its subscription to the topic.
 *
 * Both are safe to repeat and to be cut short anywhere. Calls for one instance on one manager run
 * one after the other; whoever else works on it (a janitor, once the instance was declared dead)
 * only ever removes.
 */
export class QueueLifecycleManager {
  readonly #options: QueueLifecycleManagerOptions;
  readonly #made = new Set<string>();
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: QueueLifecycleManagerOptions) {
    this.#options = options;
  }

  /**
   * Makes the queue with all its attributes, then subscribes it to the messages for `instance` and
   * for all. If subscribing fails, what was made is removed again, unless an earlier call completed.
   *
   * Source: Amazon SQS, "CreateQueue"; Amazon SNS, "Subscribe" (both answer a repeated call with
   * what exists; SQS blocks a deleted queue's name for 60 seconds).
   *
   * @throws BackendError `configuration` (names; a queue with other attributes; no room for another
   * filter policy), `topic-mismatch`, `topic-not-found`, `access-denied`, or `unreachable` (also
   * while the name of a deleted queue is blocked).
   */
  provision(instance: string): Promise<QueueProvisionResult> {
    return this.#inTurn(instance, () => this.#provision(instance));
  }

  /**
   * Removes the subscription, then the queue. `known` (from the lease row) spares the search for
   * them, and names a queue that was made under another prefix.
   *
   * Source: Amazon SNS, "Unsubscribe"; Amazon SQS, "DeleteQueue" (takes up to 60 seconds; neither
   * removes the other).
   *
   * @throws BackendError as {@link provision}, after having tried both.
   */
  teardown(instance: string, known: Partial<FanoutAddress> = {}): Promise<void> {
    return this.#inTurn(instance, async () => {
      const name = known.queueName ?? queueName(this.#options.prefix, instance);
      await this.#remove(name, known);
      this.#made.delete(instance);
    });
  }

  async #provision(instance: string): Promise<QueueProvisionResult> {
    const name = queueName(this.#options.prefix, instance);
    const arn = queueArn(parseTopicArn(this.#options.topicArn), name);
    const queueUrl = await this.#createQueue(instance, name, arn);
    try {
      const subscriptionArn = await this.#subscribe(instance, arn);
      this.#made.add(instance);
      return { queueName: name, queueUrl, queueArn: arn, subscriptionArn };
    } catch (error) {
      if (!this.#made.has(instance)) await this.#undo(instance, name, queueUrl);
      throw error;
    }
  }

  async #createQueue(instance: string, name: string, arn: string): Promise<string> {
    const { sqs, topicArn, prefix, deadLetterArn, table } = this.#options;
    const redrive = {
      deadLetterTargetArn: deadLetterArn,
      maxReceiveCount: queueDefaults.maxReceiveCount,
    };
    // Everything in this one call: an attribute changed later needs up to 60 seconds.
    const input = {
      QueueName: name,
      Attributes: {
        Policy: JSON.stringify(queuePolicy(arn, topicArn)),
        SqsManagedSseEnabled: 'true',
        MessageRetentionPeriod: String(queueDefaults.messageRetentionSeconds),
        VisibilityTimeout: String(queueDefaults.visibilityTimeoutSeconds),
        ...(deadLetterArn ? { RedrivePolicy: JSON.stringify(redrive) } : {}),
      },
      tags: {
        [queueTag.instance]: instance,
        [queueTag.prefix]: prefix,
        [queueTag.topic]: topicArn,
        ...(table ? { [queueTag.table]: table } : {}),
      },
    };
    const { QueueUrl } = await asked(sqs.send(new CreateQueueCommand(input)));
    return present(QueueUrl);
  }

  async #subscribe(instance: string, endpoint: string): Promise<string> {
    const { sns, topicArn } = this.#options;
    const input = {
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: endpoint,
      ReturnSubscriptionArn: true,
      // Never changed afterwards: a changed policy may need 15 minutes.
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicy: JSON.stringify({ [TARGET_ATTRIBUTE]: [instance, ALL_TARGETS] }),
        FilterPolicyScope: 'MessageAttributes',
      },
    };
    const { SubscriptionArn } = await asked(sns.send(new SubscribeCommand(input)));
    return present(SubscriptionArn);
  }

  async #undo(instance: string, name: string, queueUrl: string): Promise<void> {
    try {
      await this.#remove(name, { queueUrl });
    } catch (error) {
      // The lease row names the queue, so a janitor will find it.
      this.#options.logger.warn('queue.undo_failed', { instance, code: errorCode(error) });
    }
  }

  async #remove(name: string, known: Partial<FanoutAddress>): Promise<void> {
    const unsubscribed = await settled(this.#unsubscribe(name, known.subscriptionArn));
    const deleted = await settled(this.#deleteQueue(name, known.queueUrl));
    const failure = unsubscribed ?? deleted;
    if (failure) throw failure;
  }

  async #unsubscribe(name: string, known: string | undefined): Promise<void> {
    const { sns } = this.#options;
    const arns = known ? [known] : await this.#subscriptionsOf(name);
    for (const SubscriptionArn of arns) {
      await asked(sns.send(new UnsubscribeCommand({ SubscriptionArn })), isNotFound);
    }
  }

  async #subscriptionsOf(name: string): Promise<string[]> {
    const { sns, topicArn } = this.#options;
    const endpoint = queueArn(parseTopicArn(topicArn), name);
    const found: string[] = [];
    let token: string | undefined;
    do {
      const input = { TopicArn: topicArn, ...(token ? { NextToken: token } : {}) };
      const page = await asked(sns.send(new ListSubscriptionsByTopicCommand(input)), isNotFound);
      for (const { Endpoint, SubscriptionArn } of page?.Subscriptions ?? []) {
        // The ARN may also read `PendingConfirmation` or `Deleted`.
        if (Endpoint === endpoint && SubscriptionArn?.startsWith('arn:')) {
          found.push(SubscriptionArn);
        }
      }
      token = page?.NextToken;
    } while (token);
    return found;
  }

  async #deleteQueue(name: string, known: string | undefined): Promise<void> {
    const { sqs } = this.#options;
    const QueueUrl = known ?? (await findQueueUrl(sqs, name));
    if (!QueueUrl) return;
    await asked(sqs.send(new DeleteQueueCommand({ QueueUrl })), isQueueMissing);
  }

  async #inTurn<T>(instance: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(instance);
    const turn = before ? before.then(work, work) : work();
    this.#turns.set(instance, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(instance) === turn) this.#turns.delete(instance);
    }
  }
}

async function asked<T>(answer: Promise<T>): Promise<T>;
async function asked<T>(
  answer: Promise<T>,
  isDone: (error: unknown) => boolean,
): Promise<T | undefined>;
async function asked<T>(
  answer: Promise<T>,
  isDone?: (error: unknown) => boolean,
): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isDone?.(error)) return undefined;
    throw awsError(error);
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

function present(value: string | undefined): string {
  if (value) return value;
  throw new BackendError('unreachable', 'SNS or SQS answered without saying what it made.');
}
