import type { Clock } from '@a2a-aws/core';
import { SerialQueue, sleep } from '@a2a-aws/core/internal';
import {
  ListSubscriptionsByTopicCommand,
  type ListSubscriptionsByTopicCommandOutput,
  type SNSClient,
} from '@aws-sdk/client-sns';
import { callAws } from '../aws-error.ts';

/** A subscription of a topic; its ARN is one, not `PendingConfirmation` or `Deleted`. */
export interface ListedSubscription {
  readonly arn: string;
  readonly endpoint: string;
}

/** Between two pages: SNS takes 30 such calls a second. */
const PAGE_MS = 50;

/**
 * The subscriptions of one topic, a page at a time and none too soon, however many ask at once.
 * Fails with a BackendError.
 */
export class SubscriptionPages {
  readonly #sns: Pick<SNSClient, 'send'>;
  readonly #topicArn: string;
  readonly #clock: Clock;
  readonly #calls = new SerialQueue();
  #rest: Promise<void> = Promise.resolve();

  constructor(sns: Pick<SNSClient, 'send'>, topicArn: string, clock: Clock) {
    this.#sns = sns;
    this.#topicArn = topicArn;
    this.#clock = clock;
  }

  async *all(): AsyncGenerator<ListedSubscription, void, undefined> {
    let token: string | undefined;
    do {
      const after = token;
      const page = await this.#calls.run(() => this.#page(after));
      for (const { Endpoint = '', SubscriptionArn = '' } of page.Subscriptions ?? []) {
        if (SubscriptionArn.startsWith('arn:')) yield { arn: SubscriptionArn, endpoint: Endpoint };
      }
      token = page.NextToken;
    } while (token);
  }

  async #page(token: string | undefined): Promise<ListSubscriptionsByTopicCommandOutput> {
    await this.#rest;
    const input = { TopicArn: this.#topicArn, ...(token ? { NextToken: token } : {}) };
    try {
      return await callAws(this.#sns.send(new ListSubscriptionsByTopicCommand(input)));
    } finally {
      this.#rest = sleep(this.#clock, PAGE_MS);
    }
  }
}
