import type { Clock } from '@a2a-aws/core';
import { isRoundOf } from '@a2a-aws/core/internal';
import { GetSubscriptionAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { callAws, isNotFound, isQueueMissing } from '../aws-error.ts';
import { SubscriptionPages } from '../topic/subscription-pages.ts';
import { parseTopicArn, queueArn } from '../topic/topic-arn.ts';
import { TARGET_ATTRIBUTE, tableTarget } from '../topic/topic-definition.ts';
import { queueName, queueTag } from './queue-definition.ts';
import { isMarked } from './queue-mark.ts';

export interface FleetQueuesOptions {
  readonly sns: Pick<SNSClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  /** The topics of the doorbells; none if instances send to each other's queues. */
  readonly topicArns: readonly string[];
  readonly prefix: string;
  /** The ARN of the table that holds the leases of this fleet. */
  readonly table: string;
  readonly clock: Clock;
}

/** A queue that says, by all its tags, whose it is. */
export interface FleetQueue {
  readonly instance: string;
  readonly url: string;
  /** When it was made, by SQS's clock; milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A subscription of a topic to a queue of the fleet's names, which may be gone. */
export interface FleetSubscription {
  readonly arn: string;
  readonly queueName: string;
}

/** Lists everything in AWS under a fleet's names, whatever its leases say. Fails with coded errors. */
export class FleetQueues {
  readonly #options: FleetQueuesOptions;

  constructor(options: FleetQueuesOptions) {
    this.#options = options;
  }

  /** The URLs of all queues whose names begin with the prefix, other fleets' among them. */
  async urls(): Promise<string[]> {
    const { sqs, prefix } = this.#options;
    const urls: string[] = [];
    let token: string | undefined;
    do {
      // Without MaxResults SQS gives 1,000 and no token for the rest (Amazon SQS, "ListQueues").
      const input = { QueueNamePrefix: `${prefix}-`, MaxResults: 1_000, NextToken: token };
      const page = await callAws(sqs.send(new ListQueuesCommand(input)));
      urls.push(...(page.QueueUrls ?? []));
      token = page.NextToken;
    } while (token);
    return urls;
  }

  /** The queue, if it is this fleet's: by prefix, topic and table, and by its own name. */
  async describe(url: string): Promise<FleetQueue | undefined> {
    const { sqs, prefix, topicArns, table } = this.#options;
    const listed = new ListQueueTagsCommand({ QueueUrl: url });
    const { Tags = {} } = (await callAws(sqs.send(listed), isQueueMissing)) ?? {};
    const instance = Tags[queueTag.instance];
    if (!instance || !isMarked(Tags, { instance, prefix, topicArns, table })) return undefined;
    if (!this.#isNameOf(instance, nameIn(url))) return undefined;
    const question = new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['CreatedTimestamp'],
    });
    const { Attributes } = (await callAws(sqs.send(question), isQueueMissing)) ?? {};
    const seconds = Number(Attributes?.CreatedTimestamp);
    return Number.isFinite(seconds) ? { instance, url, createdAt: seconds * 1_000 } : undefined;
  }

  /** The topics' subscriptions to queues beside them whose names begin with the prefix. */
  async subscriptions(): Promise<FleetSubscription[]> {
    const found: FleetSubscription[] = [];
    for (const topicArn of this.#options.topicArns) {
      found.push(...(await this.#subscriptionsOf(topicArn)));
    }
    return found;
  }

  /**
   * The instance that the subscription is for, by its filter policy, which also names the table: a
   * subscription of another fleet on the topic is none.
   */
  async subscriber({ arn, queueName: name }: FleetSubscription): Promise<string | undefined> {
    const { sns, table } = this.#options;
    const question = new GetSubscriptionAttributesCommand({ SubscriptionArn: arn });
    const answer = await callAws(sns.send(question), isNotFound);
    const { FilterPolicy = '' }: { FilterPolicy?: string } = answer?.Attributes ?? {};
    const [instance, ...others] = targetsOf(FilterPolicy);
    if (!instance || !/^[A-Za-z0-9_-]+$/.test(instance)) return undefined;
    if (!others.includes(tableTarget(table, instance))) return undefined;
    return this.#isNameOf(instance, name) ? instance : undefined;
  }

  #isNameOf(instance: string, name: string): boolean {
    return isRoundOf(queueName(this.#options.prefix, instance), name);
  }

  async #subscriptionsOf(topicArn: string): Promise<FleetSubscription[]> {
    const { sns, prefix, clock } = this.#options;
    const ours = queueArn(parseTopicArn(topicArn), `${prefix}-`);
    const found: FleetSubscription[] = [];
    for await (const { arn, endpoint } of new SubscriptionPages(sns, topicArn, clock).all()) {
      if (!endpoint.startsWith(ours)) continue;
      found.push({ arn, queueName: endpoint.slice(endpoint.lastIndexOf(':') + 1) });
    }
    return found;
  }
}

function nameIn(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function targetsOf(policy: string): string[] {
  try {
    const targets: unknown = (JSON.parse(policy) as Record<string, unknown>)[TARGET_ATTRIBUTE];
    return Array.isArray(targets) ? targets.filter((target) => typeof target === 'string') : [];
  } catch {
    return [];
  }
}
