import { BackendError, type Clock, errorCode } from '@a2a-aws/core';
import { type SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { awsError, callAws, isNotFound, isOtherwiseSubscribed, required } from '../aws-error.ts';
import { SubscriptionPages } from './subscription-pages.ts';
import { TARGET_ATTRIBUTE, tableTarget } from './topic-definition.ts';

/** Subscriptions of instances' queues to one topic. All fails with a BackendError. */
export class TopicSubscriptions {
  readonly #sns: Pick<SNSClient, 'send'>;
  readonly #topicArn: string;
  readonly #pages: SubscriptionPages;

  constructor(sns: Pick<SNSClient, 'send'>, topicArn: string, clock: Clock) {
    this.#sns = sns;
    this.#topicArn = topicArn;
    this.#pages = new SubscriptionPages(sns, topicArn, clock);
  }

  /**
   * Subscribes a queue to the messages for `instance`; the subscription's ARN. `table`, the ARN of
   * the fleet's table, marks the subscription.
   */
  async add(instance: string, queueArn: string, table?: string): Promise<string> {
    const targets = [instance, ...(table ? [tableTarget(table, instance)] : [])];
    const input = {
      TopicArn: this.#topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      ReturnSubscriptionArn: true,
      // Never changed afterwards: a changed policy may need 15 minutes.
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicy: JSON.stringify({ [TARGET_ATTRIBUTE]: targets }),
        FilterPolicyScope: 'MessageAttributes',
      },
    };
    try {
      const { SubscriptionArn } = await this.#sns.send(new SubscribeCommand(input));
      return required(SubscriptionArn);
    } catch (error) {
      throw isOtherwiseSubscribed(error) ? otherwise(error) : awsError(error);
    }
  }

  /** Removes the subscription of a queue; `known`, its ARN, spares the search. Idempotent. */
  async remove(queueArn: string, known: string | undefined): Promise<void> {
    const arns = known ? [known] : await this.#find(queueArn);
    for (const SubscriptionArn of arns) {
      await callAws(this.#sns.send(new UnsubscribeCommand({ SubscriptionArn })), isNotFound);
    }
  }

  async #find(queueArn: string): Promise<string[]> {
    const found: string[] = [];
    try {
      for await (const { arn, endpoint } of this.#pages.all()) {
        if (endpoint === queueArn) found.push(arn);
      }
    } catch (error) {
      if (errorCode(error) !== 'topic-not-found') throw error;
    }
    return found;
  }
}

function otherwise(cause: unknown): BackendError {
  const text = 'The queue is subscribed, but with another filter policy.';
  return new BackendError('name-taken', text, { cause });
}
