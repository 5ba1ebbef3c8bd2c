import { BackendError } from '@a2a-aws/core';

/** Where a topic is; its subscribers' queues are in the same partition, region and account. */
export interface TopicArn {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly name: string;
}

/**
 * Reads `arn:<partition>:sns:<region>:<account>:<name>`.
 *
 * @throws {BackendError} `topic-mismatch` if it is not the ARN of a standard topic.
 */
export function parseTopicArn(arn: string): TopicArn {
  const [, partition, region, account, name] =
    /^arn:([a-z-]+):sns:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,256}(?:\.fifo)?)$/.exec(arn) ?? [];
  if (!partition || !region || !account || !name) {
    throw new BackendError('topic-mismatch', 'The topic ARN is not the ARN of an SNS topic.');
  }
  if (name.endsWith('.fifo')) {
    throw new BackendError(
      'topic-mismatch',
      'The topic is a FIFO topic; a standard one is needed.',
    );
  }
  return { partition, region, account, name };
}

/** The ARN that a queue beside the topic has, known before the queue exists. */
export function queueArn(topic: TopicArn, queueName: string): string {
  return `arn:${topic.partition}:sqs:${topic.region}:${topic.account}:${queueName}`;
}
