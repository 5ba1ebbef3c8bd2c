import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalAws } from '@a2a-aws/local';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';

/** The longest time until queues and subscriptions have changed, in milliseconds. */
const PATIENCE_MS = 20_000;
const PROBE_MS = 100;

/** The queues and subscriptions of servers, as SQS and SNS list them. */
export interface Reach {
  /** Queue URLs. */
  readonly queues: readonly string[];
  /** The ARNs of the queues that are subscribed to the topic. */
  readonly subscribed: readonly string[];
}

/**
 * Returns the queues and subscriptions once there is one of each for `count` servers, or after 20 s.
 * Servers provision both in the background.
 */
export async function reachOf(count: number, aws: LocalAws): Promise<Reach> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const reach = await listReach(aws);
    const isSettled = reach.queues.length === count && reach.subscribed.length === count;
    if (isSettled || Date.now() > deadline) return reach;
    await sleep(PROBE_MS);
  }
}

/** Resolves with all queues of SQS and all subscriptions of the topic. */
export async function listReach({ clientConfig, topicArn }: LocalAws): Promise<Reach> {
  const { region, credentials } = clientConfig;
  const sqs = new SQSClient({ region, credentials, ...clientConfig.sqs });
  const sns = new SNSClient({ region, credentials, ...clientConfig.sns });
  try {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const subscribed: string[] = [];
    let token: string | undefined;
    do {
      const page = await sns.send(
        new ListSubscriptionsByTopicCommand({
          TopicArn: topicArn,
          ...(token === undefined ? {} : { NextToken: token }),
        }),
      );
      subscribed.push(...(page.Subscriptions ?? []).map(({ Endpoint = '' }) => Endpoint));
      token = page.NextToken;
    } while (token);
    return { queues: QueueUrls, subscribed };
  } finally {
    sqs.destroy();
    sns.destroy();
  }
}
