import { INDEXES } from '@a2a-aws/dynamodb';
import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { DEFAULT_QUEUE_PREFIX, queuesOfPrefix } from './queue-prefix.ts';

/** What an instance works with; its own queue it makes itself. */
export interface InstanceResources {
  readonly table: Pick<ITable, 'tableArn' | 'encryptionKey' | 'stack'>;
  readonly topic: ITopic;
  /**
   * Must be the prefix that the instances are started with.
   *
   * @default `a2a`: queues are named `a2a-<instance id>`
   */
  readonly queuePrefix?: string;
}

/**
 * The permissions of an instance, and no more: the log's table, doorbells on the topic, and queues
 * whose names start with the prefix (its own, and those of dead instances it cleans up after).
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function instancePolicyStatements(resources: InstanceResources): PolicyStatement[] {
  const { table, topic, queuePrefix = DEFAULT_QUEUE_PREFIX } = resources;
  // Named by the topic's stack: SNS delivers only within its account, and queues are made beside it.
  const stack = Stack.of(topic);
  const queues = stack.formatArn({ service: 'sqs', resource: queuesOfPrefix(queuePrefix) });
  return [
    new PolicyStatement({
      sid: 'TaskLog',
      actions: [
        'dynamodb:DeleteItem',
        'dynamodb:DescribeTable',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Query',
        'dynamodb:UpdateItem',
      ],
      resources: [table.tableArn],
    }),
    new PolicyStatement({
      sid: 'TaskLists',
      actions: ['dynamodb:Query'],
      resources: INDEXES.map((index) => `${table.tableArn}/index/${index.name}`),
    }),
    new PolicyStatement({
      sid: 'Doorbells',
      actions: ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic', 'sns:Publish'],
      resources: [topic.topicArn],
    }),
    new PolicyStatement({
      sid: 'SubscribeOwnQueues',
      actions: ['sns:Subscribe'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'sns:Protocol': 'sqs' },
        StringLike: { 'sns:Endpoint': queues },
      },
    }),
    new PolicyStatement({
      // SNS has no resource type for subscriptions: AWS accepts nothing narrower than `*` here.
      sid: 'Unsubscribe',
      actions: ['sns:Unsubscribe'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': stack.region } },
    }),
    new PolicyStatement({
      // A tag given to CreateQueue needs TagQueue; DeleteMessage covers batches too.
      sid: 'InstanceQueues',
      actions: [
        'sqs:CreateQueue',
        'sqs:DeleteMessage',
        'sqs:DeleteQueue',
        'sqs:GetQueueUrl',
        'sqs:ReceiveMessage',
        'sqs:TagQueue',
      ],
      resources: [queues],
    }),
    ...(table.encryptionKey ? [tableKeyStatement(table.encryptionKey, table)] : []),
    ...(topic.masterKey ? [topicKeyStatement(topic.masterKey, topic)] : []),
  ];
}

/** Gives the grantee (a task role, a function) the permissions of an instance. */
export function grantInstance(grantee: IGrantable, resources: InstanceResources): Grant {
  const [first, ...rest] = instancePolicyStatements(resources).map((statement) =>
    Grant.addToPrincipal({
      grantee,
      actions: statement.actions,
      resourceArns: statement.resources,
      conditions: statement.conditions,
    }),
  );
  return rest.reduce((grant, next) => grant.combine(next), first ?? Grant.drop(grantee, 'nothing'));
}

/** DynamoDB uses a customer's key in the name of the caller, for nothing else than the table. */
function tableKeyStatement(key: IKey, table: InstanceResources['table']): PolicyStatement {
  return new PolicyStatement({
    sid: 'TableKey',
    actions: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    resources: [key.keyArn],
    conditions: usedThrough('dynamodb', table.stack),
  });
}

/** A publisher needs the key of an encrypted topic. */
function topicKeyStatement(key: IKey, topic: ITopic): PolicyStatement {
  return new PolicyStatement({
    sid: 'TopicKey',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
    resources: [key.keyArn],
    conditions: usedThrough('sns', topic.stack),
  });
}

function usedThrough(service: string, stack: Stack): Record<string, Record<string, string>> {
  return {
    StringEquals: { 'kms:ViaService': `${service}.${stack.region}.${stack.urlSuffix}` },
  };
}
