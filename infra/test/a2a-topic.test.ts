import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { A2aTopic } from '../src/index.ts';
import './synthesized.ts';

describe('A2aTopic', () => {
  it('is a standard topic, encrypted with the key that AWS manages', () => {
    const stack = new Stack();
    const { topic } = new A2aTopic(stack, 'Doorbells');
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: 'alias/aws/sns',
      FifoTopic: Match.absent(),
    });
    template.resourceCountIs('AWS::KMS::Key', 0);
    expect(topic.masterKey).toBeUndefined();
  });

  it('is encrypted with the key it is given', () => {
    const stack = new Stack();
    const key = new Key(stack, 'Key');
    const { topic } = new A2aTopic(stack, 'Doorbells', { encryptionKey: key });
    Template.fromStack(stack).hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: stack.resolve(key.keyArn),
    });
    expect(topic.masterKey).toBe(key);
  });

  it('takes nothing without TLS', () => {
    const stack = new Stack();
    const { topic } = new A2aTopic(stack, 'Doorbells');
    Template.fromStack(stack).hasResourceProperties('AWS::SNS::TopicPolicy', {
      Topics: [stack.resolve(topic.topicArn)],
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Resource: stack.resolve(topic.topicArn),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ],
      },
    });
  });
});
