import {
  ListSubscriptionsByTopicCommand,
  type SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { asked, isNotFound, present } from '../aws-error.ts';
import { ALL_TARGETS, TARGET_ATTRIBUTE } from './topic-definition.ts';

/** Subscriptions of instances' queues to one topic. All fails with a BackendError. */
export class TopicSubscriptions {
  readonly #sns: Pick<SNSClient, 'send'>;
  readonly #topicArn: string;

  constructor(sns: Pick<SNSClient, 'send'>, topicArn: string) {
    this.#sns = sns;
    this.#topicArn = topicArn;
  }

  /** Subscribes a queue to the messages for `instance` and for all; the subscription's ARN. */
  async add(instance: string, queueArn: string): Promise<string> {
    const input = {
      TopicArn: this.#topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      ReturnSubscriptionArn: true,
      // Never changed afterwards: a changed policy may need 15 minutes.
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicy: JSON.stringify({ [TARGET_ATTRIBUTE]: [instance, ALL_TARGETS] }),
        FilterPolicyScope: 'MessageAttributes',
      },
    };
    const { SubscriptionArn } = await asked(this.#sns.send(new SubscribeCommand(input)));
    return present(SubscriptionArn);
  }

  /** Removes the subscription of a queue; `known`, its ARN, spares the search. Idempotent. */
  async remove(queueArn: string, known: string | undefined): Promise<void> {
    const arns = known ? [known] : await this.#find(queueArn);
    for (const SubscriptionArn of arns) {
      await asked(this.#sns.send(new UnsubscribeCommand({ SubscriptionArn })), isNotFound);
    }
  }

  async #find(queueArn: string): Promise<string[]> {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const input = { TopicArn: this.#topicArn, ...(token ? { NextToken: token } : {}) };
      const command = new ListSubscriptionsByTopicCommand(input);
      const page = await asked(this.#sns.send(command), isNotFound);
      for (const { Endpoint, SubscriptionArn } of page?.Subscriptions ?? []) {
        // The ARN may also read `PendingConfirmation` or `Deleted`.
        if (Endpoint === queueArn && SubscriptionArn?.startsWith('arn:')) {
          found.push(SubscriptionArn);
        }
      }
      token = page?.NextToken;
    } while (token);
    return found;
  }
}
