import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { LocalAws } from '../aws/local-aws.ts';

/** What servers own in AWS, as SQS and SNS themselves list it. */
export interface Reach {
  /** Queue URLs. */
  readonly queues: readonly string[];
  /** The ARNs of the queues that are subscribed to the topic. */
  readonly subscribed: readonly string[];
}

/** Asks SQS for all queues and SNS for all subscriptions of the topic. */
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
