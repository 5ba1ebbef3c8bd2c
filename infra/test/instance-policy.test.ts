import { INDEXES } from '@a2a-aws/dynamodb';
import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { A2aBackend, type A2aBackendProps } from '../src/index.ts';
import { resourcesOf } from './synthesized.ts';

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

function statementsOf(props?: A2aBackendProps): Record<string, Statement> {
  const stack = new Stack(new App(), 'Stack', {
    env: { region: 'eu-west-1', account: '111122223333' },
  });
  return resolved(new A2aBackend(stack, 'Backend', props));
}

function resolved(backend: A2aBackend): Record<string, Statement> {
  const stack = Stack.of(backend);
  const statements = backend.instancePolicyStatements().map((s) => stack.resolve(s.toJSON()));
  return Object.fromEntries(statements.map((statement) => [statement.Sid, statement]));
}

function listed<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

describe('instancePolicyStatements', () => {
  it('names every action, and never a whole service', () => {
    const actions = Object.values(statementsOf()).flatMap((statement) => listed(statement.Action));
    expect(new Set(actions)).toEqual(
      new Set([
        'dynamodb:DeleteItem',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTimeToLive',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
        'sns:GetTopicAttributes',
        'sns:ListSubscriptionsByTopic',
        'sns:Publish',
        'sns:Subscribe',
        'sns:Unsubscribe',
        'sqs:CreateQueue',
        'sqs:DeleteMessage',
        'sqs:DeleteQueue',
        'sqs:GetQueueUrl',
        'sqs:ListQueueTags',
        'sqs:ReceiveMessage',
        'sqs:TagQueue',
      ]),
    );
  });

  it('uses a wildcard for a resource only if AWS allows no narrower one', () => {
    const wild = Object.values(statementsOf())
      .filter((statement) => JSON.stringify(statement.Resource).includes('*'))
      .map((statement) => [statement.Sid, statement.Resource]);
    expect(wild).toEqual([
      // SNS has no resource type for subscriptions.
      ['Unsubscribe', '*'],
      // The queues do not exist yet; their prefix does.
      [
        'InstanceQueues',
        {
          'Fn::Join': [
            '',
            ['arn:', { Ref: 'AWS::Partition' }, ':sqs:eu-west-1:111122223333:a2a-*'],
          ],
        },
      ],
    ]);
  });

  it('names every topic, and those alone', () => {
    const stack = new Stack(new App(), 'Stack');
    const backend = new A2aBackend(stack, 'Backend', { topicShards: 3 });
    const { Doorbells, SubscribeOwnQueues } = resolved(backend);
    const arns = backend.topics.map(({ topicArn }) => stack.resolve(topicArn));
    expect(arns).toHaveLength(3);
    expect(Doorbells?.Resource).toEqual(arns);
    expect(SubscribeOwnQueues?.Resource).toEqual(arns);
  });

  it('lets instances send to each other only where they do, and then use no topic', () => {
    const direct = statementsOf({ fanout: 'direct' });
    expect(Object.keys(direct)).toEqual([
      'TaskLog',
      'TaskLists',
      'InstanceQueues',
      'NotDeadLetters',
    ]);
    expect(direct.InstanceQueues?.Action).toContain('sqs:SendMessage');
    expect(direct.InstanceQueues?.Resource).toEqual(statementsOf().InstanceQueues?.Resource);
    expect(JSON.stringify(statementsOf())).not.toContain('sqs:SendMessage');
  });

  it('denies all that may be done to instances’ queues where the dead letters are', () => {
    for (const fanout of ['sns', 'direct'] as const) {
      const { InstanceQueues, NotDeadLetters } = statementsOf({ fanout });
      expect(NotDeadLetters).toMatchObject({ Effect: 'Deny', Action: InstanceQueues?.Action });
      expect(JSON.stringify(NotDeadLetters?.Resource)).toContain('DeadLetters');
    }
  });

  it('leaves those that poll with the table alone', () => {
    expect(Object.keys(statementsOf({ fanout: 'polling' }))).toEqual(['TaskLog', 'TaskLists']);
  });

  it('keeps Unsubscribe within the region', () => {
    const { Unsubscribe } = statementsOf();
    expect(Unsubscribe?.Action).toBe('sns:Unsubscribe');
    expect(Unsubscribe?.Condition).toEqual({
      StringEquals: { 'aws:RequestedRegion': 'eu-west-1' },
    });
  });

  it('reads the indexes by their names, and writes only the table', () => {
    const { TaskLists, TaskLog } = statementsOf();
    expect(TaskLists?.Action).toBe('dynamodb:Query');
    expect(listed(TaskLists?.Resource)).toHaveLength(INDEXES.length);
    for (const { name } of INDEXES) {
      expect(JSON.stringify(TaskLists?.Resource)).toContain(`/index/${name}"`);
    }
    expect(JSON.stringify(TaskLog?.Resource)).not.toContain('/index/');
  });

  it('subscribes queues of the prefix only', () => {
    const { SubscribeOwnQueues, InstanceQueues } = statementsOf({ queuePrefix: 'blue' });
    expect(SubscribeOwnQueues?.Condition).toEqual({
      StringEquals: { 'sns:Protocol': 'sqs' },
      StringLike: { 'sns:Endpoint': InstanceQueues?.Resource },
    });
    expect(JSON.stringify(InstanceQueues?.Resource)).toContain(':blue-*');
  });

  it.each(['', 'a*', 'a/b', 'ä', 'a'.repeat(80)])('refuses the prefix %j', (queuePrefix) => {
    expect(() => statementsOf({ queuePrefix })).toThrow();
  });

  it('adds the use of a customer key, through the two services alone', () => {
    const stack = new Stack(new App(), 'Stack', {
      env: { region: 'eu-west-1', account: '111122223333' },
    });
    const encryptionKey = new Key(stack, 'Key');
    const { TableKey, TopicKey, ...others } = resolved(
      new A2aBackend(stack, 'Backend', { encryptionKey }),
    );
    for (const [statement, service] of [
      [TableKey, 'dynamodb'],
      [TopicKey, 'sns'],
    ] as const) {
      expect(statement?.Resource).toEqual(stack.resolve(encryptionKey.keyArn));
      expect(JSON.stringify(statement?.Action)).not.toContain('*');
      expect(JSON.stringify(statement?.Condition)).toContain(`${service}.eu-west-1.`);
    }
    expect(Object.keys(others)).toEqual(Object.keys(statementsOf()));
  });
});

describe('grantInstance', () => {
  it('gives a role the same permissions', () => {
    const stack = new Stack(new App(), 'Stack', {
      env: { region: 'eu-west-1', account: '111122223333' },
    });
    const role = new Role(stack, 'Task', {
      assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    const backend = new A2aBackend(stack, 'Backend');
    const grant = backend.grantInstance(role);
    expect(grant.success).toBe(true);

    const granted = resourcesOf(stack, 'AWS::IAM::Policy').flatMap(
      (policy): Statement[] => policy.Properties.PolicyDocument.Statement,
    );
    const expected = Object.values(resolved(backend)).map(({ Sid, ...statement }) => statement);
    expect(granted).toEqual(expect.arrayContaining(expected));
    expect(granted).toHaveLength(expected.length);
  });
});
