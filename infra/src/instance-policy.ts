import { INDEXES } from '@a2a-aws/dynamodb';
import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { DEFAULT_QUEUE_PREFIX, queuesOfPrefix } from './queue-prefix.ts';

/** How instances reach each other: over topics, into each other's queues, or by the table alone. */
export type FanoutName = 'sns' | 'direct' | 'polling';

/** The resources that an instance uses, without its queue, which it creates itself. */
export interface InstanceResources {
  readonly table: Pick<ITable, 'tableArn' | 'encryptionKey' | 'stack'>;
  /** The topics of the doorbells; none, unless `fanout` is `sns`. */
  readonly topics: readonly ITopic[];
  /** The dead-letter queue, which instances may not touch. */
  readonly deadLetters?: Pick<IQueue, 'queueArn'> | undefined;
  /**
   * Must be the way that the instances are started with.
   *
   * @default `sns`
   */
  readonly fanout?: FanoutName;
  /**
   * Must be the prefix that the instances are started with.
   *
   * @default `a2a`: queues are named `a2a-<instance id>`
   */
  readonly queuePrefix?: string;
}

/**
 * The permissions of an instance, and no more: the log's table, doorbells on the topics or to the
 * other instances' queues, and queues whose names start with the prefix (its own, and those of dead
 * instances it cleans up after). Where instances poll: the table alone.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function instancePolicyStatements(resources: InstanceResources): PolicyStatement[] {
  const { table, fanout = 'sns' } = resources;
  return [
    ...tableStatements(table),
    ...(fanout === 'sns' ? topicStatements(resources) : []),
    ...(fanout === 'polling' ? [] : queueStatements(resources, fanout)),
    ...(table.encryptionKey ? [tableKeyStatement(table.encryptionKey, table)] : []),
    ...(fanout === 'sns' ? topicKeyStatements(resources.topics) : []),
  ];
}

function tableStatements(table: InstanceResources['table']): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'TaskLog',
      actions: [
        'dynamodb:DeleteItem',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTimeToLive',
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
  ];
}

function topicStatements(resources: InstanceResources): PolicyStatement[] {
  const topics = resources.topics.map(({ topicArn }) => topicArn);
  return [
    new PolicyStatement({
      sid: 'Doorbells',
      actions: ['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic', 'sns:Publish'],
      resources: topics,
    }),
    new PolicyStatement({
      sid: 'SubscribeOwnQueues',
      actions: ['sns:Subscribe'],
      resources: topics,
      conditions: {
        StringEquals: { 'sns:Protocol': 'sqs' },
        StringLike: { 'sns:Endpoint': queuesOf(resources) },
      },
    }),
    new PolicyStatement({
      // SNS has no resource type for subscriptions: AWS accepts nothing narrower than `*` here.
      sid: 'Unsubscribe',
      actions: ['sns:Unsubscribe'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': homeOf(resources).region } },
    }),
  ];
}

/** Over topics only SNS sends to a queue. */
function queueStatements(
  resources: InstanceResources,
  fanout: 'sns' | 'direct',
): PolicyStatement[] {
  const { deadLetters } = resources;
  // A tag given to CreateQueue needs TagQueue; DeleteMessage and SendMessage cover batches too.
  const actions = [
    'sqs:CreateQueue',
    'sqs:DeleteMessage',
    'sqs:DeleteQueue',
    'sqs:GetQueueUrl',
    'sqs:ListQueueTags',
    'sqs:ReceiveMessage',
    ...(fanout === 'direct' ? ['sqs:SendMessage'] : []),
    'sqs:TagQueue',
  ];
  return [
    new PolicyStatement({ sid: 'InstanceQueues', actions, resources: [queuesOf(resources)] }),
    // Its name starts with the stack's, which may start with the prefix.
    ...(deadLetters ? [denied('NotDeadLetters', actions, deadLetters.queueArn)] : []),
  ];
}

function denied(sid: string, actions: string[], resource: string): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.DENY, actions, resources: [resource] });
}

/** Where the queues are made: SNS delivers only within its account, so beside the topics. */
export function homeOf({ topics, table }: InstanceResources): Stack {
  const [topic] = topics;
  return topic ? Stack.of(topic) : table.stack;
}

/** The ARNs of all that may be instances' queues. */
export function queuesOf(resources: InstanceResources): string {
  const { queuePrefix = DEFAULT_QUEUE_PREFIX } = resources;
  return homeOf(resources).formatArn({ service: 'sqs', resource: queuesOfPrefix(queuePrefix) });
}

/** Gives the grantee (a task role, a function) the permissions of an instance. */
export function grantInstance(grantee: IGrantable, resources: InstanceResources): Grant {
  const statements = instancePolicyStatements(resources);
  for (const { effect, actions, resources: denied } of statements) {
    if (effect === Effect.ALLOW) continue;
    // Without the id: a role may be granted several backends, and ids are unique in a policy.
    const statement = new PolicyStatement({ effect, actions, resources: denied });
    grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }
  const allowed = statements.filter(({ effect }) => effect === Effect.ALLOW);
  const [first, ...rest] = allowed.map((statement) =>
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

/** A publisher needs the keys of encrypted topics. */
function topicKeyStatements(topics: readonly ITopic[]): PolicyStatement[] {
  const keys = new Set(topics.flatMap(({ masterKey }) => masterKey ?? []));
  const [topic] = topics;
  if (!topic || keys.size === 0) return [];
  return [
    new PolicyStatement({
      sid: 'TopicKey',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'],
      resources: [...keys].map(({ keyArn }) => keyArn),
      conditions: usedThrough('sns', topic.stack),
    }),
  ];
}

function usedThrough(service: string, stack: Stack): Record<string, Record<string, string>> {
  return {
    StringEquals: { 'kms:ViaService': `${service}.${stack.region}.${stack.urlSuffix}` },
  };
}
