import { parseTopicArn } from '../topic/topic-arn.ts';

/** One statement of an IAM policy document, as far as queues need it. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | { readonly Service: string };
  readonly Action: string;
  readonly Resource: string;
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/**
 * Returns the policy of an instance's queue: the topic may send, and calls without TLS are denied.
 * The permissions of the servers are in their own role, not here. Without a topic, only the servers
 * send.
 *
 * The topic's ARN names its account, so `aws:SourceAccount` would not restrict more. A queue whose
 * policy requires a key that SNS leaves out of a delivery receives no messages at all.
 *
 * Source: Amazon SNS, "Subscribing an Amazon SQS queue to an Amazon SNS topic"; Amazon SQS, "Amazon
 * SQS security best practices".
 *
 * @throws {BackendError} `topic-mismatch` if `topicArn` is not the ARN of a standard topic.
 */
export function queuePolicy(queueArn: string, topicArn: string | undefined): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      ...(topicArn === undefined ? [] : [topicMaySend(queueArn, topicArn)]),
      {
        Sid: 'NothingWithoutTls',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: queueArn,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  };
}

function topicMaySend(queueArn: string, topicArn: string): PolicyStatement {
  parseTopicArn(topicArn);
  return {
    Sid: 'TopicMaySend',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
  };
}
