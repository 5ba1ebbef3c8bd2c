import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { DeadLetterQueue } from '../src/index.ts';
import { resourcesOf } from './synthesized.ts';

describe('DeadLetterQueue', () => {
  it('keeps messages for 14 days, encrypted', () => {
    const stack = new Stack();
    new DeadLetterQueue(stack, 'DeadLetters');
    Template.fromStack(stack).hasResourceProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
      SqsManagedSseEnabled: true,
    });
  });

  it('raises an alarm when there is a message', () => {
    const stack = new Stack();
    const { queue } = new DeadLetterQueue(stack, 'DeadLetters');
    Template.fromStack(stack).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: stack.resolve(queue.queueName) }],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
    });
  });

  it('accepts no access without TLS', () => {
    const stack = new Stack();
    const { queue } = new DeadLetterQueue(stack, 'DeadLetters');
    Template.fromStack(stack).hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 'sqs:*',
            Resource: stack.resolve(queue.queueArn),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ],
      },
    });
  });

  it('has no fixed name, which SQS would block for a minute after a removal', () => {
    const stack = new Stack();
    new DeadLetterQueue(stack, 'DeadLetters');
    expect(resourcesOf(stack, 'AWS::SQS::Queue')[0]?.Properties.QueueName).toBeUndefined();
  });
});
