import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { A2aBackend, A2aJanitor, A2aStack, A2aTopic } from '../src/index.ts';
import { unbundled } from './synthesized.ts';

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

  it('accepts no access without TLS', () => {
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

describe('the topics of a backend', () => {
  const assumedBy = new ServicePrincipal('ecs-tasks.amazonaws.com');
  const denied = (stack: Stack): unknown[] =>
    Object.values(Template.fromStack(stack).findResources('AWS::SNS::TopicPolicy')).flatMap(
      ({ Properties }) =>
        Properties.PolicyDocument.Statement.filter(
          ({ Sid }: { Sid: string }) => Sid === 'InstancesOnly',
        ),
    );
  const publishers = (stack: Stack): unknown[] =>
    denied(stack).map(
      (statement) =>
        (statement as { Condition: { StringNotLike: Record<string, unknown> } }).Condition
          .StringNotLike['aws:PrincipalArn'],
    );

  it('take doorbells of the granted roles and of the janitor only', () => {
    // Its code need not be bundled for this.
    const stack = new Stack(unbundled(), 'Stack');
    const backend = new A2aBackend(stack, 'Backend', { topicShards: 2 });
    const role = new Role(stack, 'Role', { assumedBy });
    backend.grantInstance(role);
    const janitor = new A2aJanitor(stack, 'Janitor', { backend });
    const roles = [role.roleArn, janitor.handler.role?.roleArn];
    expect(publishers(stack)).toEqual([stack.resolve(roles), stack.resolve(roles)]);
    expect(denied(stack)[0]).toMatchObject({ Effect: 'Deny', Action: 'sns:Publish' });
  });

  it('accept publishers with the given roles only, even if others have the policy', () => {
    const instanceRoles = ['arn:aws:iam::111122223333:role/agent-*'];
    const stack = new A2aStack(new App(), 'Stack', { instanceRoles });
    expect(publishers(stack)).toEqual([instanceRoles]);
    const named = { instanceRoles: ['agent'] };
    expect(() => new A2aBackend(new Stack(), 'Backend', named)).toThrow('instanceRoles');
  });

  it('stay open to the account where not all roles are known', () => {
    expect(denied(new A2aStack(new App(), 'Stack'))).toEqual([]);
    const app = new App();
    const stack = new Stack(app, 'Stack');
    const backend = new A2aBackend(stack, 'Backend');
    backend.grantInstance(new Role(stack, 'Role', { assumedBy }));
    backend.grantInstance(new Role(new Stack(app, 'Servers'), 'Role', { assumedBy }));
    expect(denied(stack)).toEqual([]);
  });
});
