import { expect, test } from 'vitest';
import { queuePolicy } from '../../src/queue/queue-policy.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:a2a-one';

test('lets this topic send, and accepts no call without TLS', () => {
  expect(queuePolicy(QUEUE, TOPIC)).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TopicMaySend',
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QUEUE,
        // Not `aws:SourceAccount`: SNS need not send it, and the topic's ARN names its account.
        Condition: { ArnEquals: { 'aws:SourceArn': TOPIC } },
      },
      {
        Sid: 'NothingWithoutTls',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: QUEUE,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
});

test('refuses an ARN that is not a topic', () => {
  expect(() => queuePolicy(QUEUE, QUEUE)).toThrow(
    expect.objectContaining({ code: 'topic-mismatch' }),
  );
});
