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
  /** The topics of the doorbells; empty if instances send to each other's queues. */
  readonly topicArns: readonly string[];
  readonly prefix: string;
  /** The ARN of the table that holds the leases of this fleet. */
  readonly table: string;
  readonly clock: Clock;
}

/** A queue whose tags all name this fleet. */
export interface FleetQueue {
  readonly instance: string;
  readonly url: string;
  /** Its creation time by SQS's clock, in milliseconds since the epoch. */
  readonly createdAt: number;
}

/**
 * A subscription of a topic to a queue with a name of this fleet. The queue may no longer exist.
 */
export interface FleetSubscription {
  readonly arn: string;
  readonly queueName: string;
}

/**
 * Lists the resources in AWS with a fleet's names, whether or not a lease exists. Rejects with
 * coded errors.
 */
export class FleetQueues {
  readonly #options: FleetQueuesOptions;

  constructor(options: FleetQueuesOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the URLs of all queues whose names begin with the prefix, including other fleets'
   * queues.
   */
  async urls(): Promise<string[]> {
    const { sqs, prefix } = this.#options;
    const urls: string[] = [];
    let token: string | undefined;
    do {
      // Without MaxResults, SQS returns 1,000 queues and no token for the rest (Amazon SQS,
      // "ListQueues").
      const input = { QueueNamePrefix: `${prefix}-`, MaxResults: 1_000, NextToken: token };
      const page = await callAws(sqs.send(new ListQueuesCommand(input)));
      urls.push(...(page.QueueUrls ?? []));
      token = page.NextToken;
    } while (token);
    return urls;
  }

  /**
   * Resolves with the queue if its prefix, topic, table and name show that it is this fleet's;
   * otherwise with `undefined`.
   */
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

  /**
   * Resolves with the subscriptions of the topics to queues of the same region and account whose
   * names begin with the prefix.
   */
  async subscriptions(): Promise<FleetSubscription[]> {
    const found: FleetSubscription[] = [];
    for (const topicArn of this.#options.topicArns) {
      found.push(...(await this.#subscriptionsOf(topicArn)));
    }
    return found;
  }

  /**
   * Resolves with the instance of a subscription by its filter policy, which also names the table;
   * `undefined` for another fleet's subscription on the topic.
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
