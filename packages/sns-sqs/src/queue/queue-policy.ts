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
 * Who may do what with an instance's queue: this topic, of this account, may send; nobody may do
 * anything without TLS. What the servers may do is in their own role, not here. Without a topic
 * only they send.
 *
 * Source: Amazon SNS, "Subscribing an Amazon SQS queue to an Amazon SNS topic"; Amazon SQS, "Amazon
 * SQS security best practices".
 *
 * @throws BackendError `topic-mismatch` if `topicArn` is not the ARN of a standard topic.
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
  return {
    Sid: 'TopicMaySend',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: {
      ArnEquals: { 'aws:SourceArn': topicArn },
      StringEquals: { 'aws:SourceAccount': parseTopicArn(topicArn).account },
    },
  };
}
