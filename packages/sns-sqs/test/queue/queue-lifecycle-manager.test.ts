import { silentLogger } from '@a2a-aws/core';
import { flush, Gate } from '@a2a-aws/testkit/fakes';
import {
  ListSubscriptionsByTopicCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  QueueLifecycleManager,
  type QueueLifecycleManagerOptions,
} from '../../src/queue/queue-lifecycle-manager.ts';
import { queuePolicy } from '../../src/queue/queue-policy.ts';
import { awsFault } from '../fixtures/stubs.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:a2a-one';
const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/a2a-one';
const SUBSCRIPTION = `${TOPIC}:0f0f`;

let sns: AwsClientStub<SNSClient>;
let sqs: AwsClientStub<SQSClient>;

const manager = (more: Partial<QueueLifecycleManagerOptions> = {}): QueueLifecycleManager =>
  new QueueLifecycleManager({
    sqs: new SQSClient({}),
    topic: { sns: new SNSClient({}), arn: TOPIC },
    prefix: 'a2a',
    logger: silentLogger,
    ...more,
  });

const names = (stub: AwsClientStub<SNSClient> | AwsClientStub<SQSClient>): string[] =>
  stub.calls().map(({ args }) => args[0].constructor.name.replace('Command', ''));

beforeEach(() => {
  sns = mockClient(SNSClient);
  sqs = mockClient(SQSClient);
  sqs.on(CreateQueueCommand).resolves({ QueueUrl: URL });
  sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: URL });
  sqs.on(DeleteQueueCommand).resolves({});
  sns.on(SubscribeCommand).resolves({ SubscriptionArn: SUBSCRIPTION });
  sns.on(UnsubscribeCommand).resolves({});
  sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [] });
});

describe('provision', () => {
  test('makes the queue in one call, then subscribes it', async () => {
    const made = await manager().provision('one');
    expect(made).toEqual({
      queueName: 'a2a-one',
      queueUrl: URL,
      subscriptionArn: SUBSCRIPTION,
    });
    expect(names(sqs)).toEqual(['CreateQueue']);
    expect(names(sns)).toEqual(['Subscribe']);
    const { Attributes, ...queue } = sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input ?? {};
    expect(queue).toEqual({
      QueueName: 'a2a-one',
      tags: {
        'a2a-aws:instance': 'one',
        'a2a-aws:prefix': 'a2a',
        'a2a-aws:topic': TOPIC,
      },
    });
    const { Policy, ...plain } = Attributes ?? {};
    expect(plain).toEqual({
      SqsManagedSseEnabled: 'true',
      MessageRetentionPeriod: '300',
      VisibilityTimeout: '10',
    });
    expect(JSON.parse(Policy ?? '')).toEqual(queuePolicy(QUEUE, TOPIC));
    expect(sns.commandCalls(SubscribeCommand)[0]?.args[0].input).toEqual({
      TopicArn: TOPIC,
      Protocol: 'sqs',
      Endpoint: QUEUE,
      ReturnSubscriptionArn: true,
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicy: '{"target":["one"]}',
        FilterPolicyScope: 'MessageAttributes',
      },
    });
  });

  test('sends unreadable messages to the dead-letter queue, if there is one', async () => {
    await manager({ deadLetterArn: 'arn:aws:sqs:eu-west-1:123456789012:dead' }).provision('one');
    const { Attributes } = sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input ?? {};
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:123456789012:dead',
      maxReceiveCount: 5,
    });
  });

  test('sends the same request again, byte for byte', async () => {
    const queues = manager();
    const first = await queues.provision('one');
    expect(await queues.provision('one')).toEqual(first);
    const inputs = sqs.commandCalls(CreateQueueCommand).map(({ args }) => args[0].input);
    expect(inputs[1]).toEqual(inputs[0]);
  });

  test.each([
    ['QueueNameExists', 'name-taken'],
    ['AWS.SimpleQueueService.QueueNameExists', 'name-taken'],
    ['QueueDeletedRecently', 'name-taken'],
    ['AccessDenied', 'access-denied'],
  ])('answers %s with %s, having touched nothing else', async (name, code) => {
    sqs.on(CreateQueueCommand).rejects(awsFault(name));
    await expect(manager().provision('one')).rejects.toMatchObject({ code });
    expect(names(sqs)).toEqual(['CreateQueue']);
    expect(names(sns)).toEqual([]);
  });

  test('creates no queue for an impossible name or topic', async () => {
    await expect(manager().provision('a/b')).rejects.toMatchObject({ code: 'configuration' });
    const topic = { sns: new SNSClient({}), arn: `${TOPIC}.fifo` };
    await expect(manager({ topic }).provision('one')).rejects.toMatchObject({
      code: 'topic-mismatch',
    });
    expect(names(sqs)).toEqual([]);
  });

  test.each([
    ['NotFoundException', 'topic-not-found'],
    ['FilterPolicyLimitExceededException', 'topic-full'],
    ['ThrottledException', 'throttled'],
  ])('leaves the queue when subscribing fails with %s, and completes it', async (name, code) => {
    sns
      .on(SubscribeCommand)
      .rejectsOnce(awsFault(name))
      .resolves({ SubscriptionArn: SUBSCRIPTION });
    const queues = manager();
    await expect(queues.provision('one')).rejects.toMatchObject({ code });
    expect(names(sqs)).toEqual(['CreateQueue']);
    expect(await queues.provision('one')).toMatchObject({ subscriptionArn: SUBSCRIPTION });
  });

  test('fails when the answer names no subscription', async () => {
    sns.on(SubscribeCommand).resolves({});
    await expect(manager().provision('one')).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('reports a queue with another subscription, whatever else is invalid', async () => {
    const refused = awsFault('InvalidParameterException');
    sns.on(SubscribeCommand).rejects(refused);
    await expect(manager().provision('one')).rejects.toMatchObject({ code: 'configuration' });
    refused.message =
      'Invalid parameter: Attributes Reason: Subscription already exists with different attributes';
    await expect(manager().provision('one')).rejects.toMatchObject({ code: 'name-taken' });
  });

  test('makes a queue of another name, subscribed for the same instance', async () => {
    await manager().provision('one', 'a2a-one-r1');
    const [made] = sqs.commandCalls(CreateQueueCommand);
    expect(made?.args[0].input).toMatchObject({ QueueName: 'a2a-one-r1' });
    const [subscribed] = sns.commandCalls(SubscribeCommand);
    expect(subscribed?.args[0].input.Endpoint).toBe(`${QUEUE}-r1`);
    expect(subscribed?.args[0].input.Attributes?.FilterPolicy).toContain('"one"');
    await expect(manager().provision('one', 'a/b')).rejects.toMatchObject({
      code: 'configuration',
    });
  });

  test('leaves a queue alone that works already', async () => {
    const queues = manager();
    await queues.provision('one');
    sns.on(SubscribeCommand).rejects(awsFault('ThrottledException', 429));
    await expect(queues.provision('one')).rejects.toMatchObject({ code: 'throttled' });
    expect(names(sqs)).toEqual(['CreateQueue', 'CreateQueue']);
  });
});

describe('teardown', () => {
  const known = { queueName: 'a2a-one', queueUrl: URL, subscriptionArn: SUBSCRIPTION };

  test('removes known resources without a search: the subscription first', async () => {
    const order: string[] = [];
    sns.on(UnsubscribeCommand).callsFake(async () => void order.push('unsubscribe'));
    sqs.on(DeleteQueueCommand).callsFake(async () => void order.push('delete'));
    await manager().teardown('one', known);
    expect(order).toEqual(['unsubscribe', 'delete']);
    expect(names(sns)).toEqual(['Unsubscribe']);
    expect(names(sqs)).toEqual(['DeleteQueue']);
    expect(sns.commandCalls(UnsubscribeCommand)[0]?.args[0].input).toEqual({
      SubscriptionArn: SUBSCRIPTION,
    });
  });

  test('finds the subscription on any page, by its exact endpoint', async () => {
    sns
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({
        Subscriptions: [
          { Endpoint: `${QUEUE}-b`, SubscriptionArn: `${TOPIC}:longer` },
          { Endpoint: QUEUE, SubscriptionArn: 'PendingConfirmation' },
          { SubscriptionArn: `${TOPIC}:nowhere` },
        ],
        NextToken: 'page 2',
      })
      .resolvesOnce({ Subscriptions: [], NextToken: 'page 3' })
      .resolvesOnce({ Subscriptions: [{ Endpoint: QUEUE, SubscriptionArn: SUBSCRIPTION }] });
    await manager().teardown('one');
    const pages = sns.commandCalls(ListSubscriptionsByTopicCommand);
    expect(pages.map(({ args }) => args[0].input)).toEqual([
      { TopicArn: TOPIC },
      { TopicArn: TOPIC, NextToken: 'page 2' },
      { TopicArn: TOPIC, NextToken: 'page 3' },
    ]);
    const removed = sns.commandCalls(UnsubscribeCommand);
    expect(removed.map(({ args }) => args[0].input.SubscriptionArn)).toEqual([SUBSCRIPTION]);
    expect(sqs.commandCalls(GetQueueUrlCommand)[0]?.args[0].input).toEqual({
      QueueName: 'a2a-one',
    });
    expect(sqs.commandCalls(DeleteQueueCommand)[0]?.args[0].input).toEqual({ QueueUrl: URL });
  });

  test('finds a queue that was made under another prefix', async () => {
    const endpoint = 'arn:aws:sqs:eu-west-1:123456789012:old-one';
    sns.on(ListSubscriptionsByTopicCommand).resolves({
      Subscriptions: [{ Endpoint: endpoint, SubscriptionArn: SUBSCRIPTION }],
    });
    await manager().teardown('one', { queueName: 'old-one' });
    expect(names(sns)).toContain('Unsubscribe');
    expect(sqs.commandCalls(GetQueueUrlCommand)[0]?.args[0].input).toEqual({
      QueueName: 'old-one',
    });
  });

  test.each(['QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue'])(
    'is content when all is gone already (%s)',
    async (name) => {
      sns.on(UnsubscribeCommand).rejects(awsFault('NotFoundException', 404));
      sns.on(ListSubscriptionsByTopicCommand).rejects(awsFault('NotFoundException', 404));
      sqs.on(GetQueueUrlCommand).rejects(awsFault(name));
      sqs.on(DeleteQueueCommand).rejects(awsFault(name));
      const queues = manager();
      await queues.teardown('one', known);
      await queues.teardown('one', known);
      await queues.teardown('one');
      await queues.teardown('one');
    },
  );

  test('removes the queue even if the subscription cannot be removed, and reports the failure', async () => {
    sns.on(UnsubscribeCommand).rejects(awsFault('AuthorizationErrorException', 403));
    await expect(manager().teardown('one', known)).rejects.toMatchObject({ code: 'access-denied' });
    expect(names(sqs)).toEqual(['DeleteQueue']);
  });

  test('reports a queue that could not be removed', async () => {
    sqs.on(DeleteQueueCommand).rejects(awsFault('RequestThrottled', 403));
    await expect(manager().teardown('one', known)).rejects.toMatchObject({ code: 'throttled' });
  });

  test('[I7] searches for the subscription when it removes for the second time', async () => {
    sns.on(ListSubscriptionsByTopicCommand).resolves({
      Subscriptions: [{ Endpoint: QUEUE, SubscriptionArn: `${SUBSCRIPTION}-late` }],
    });
    const queues = manager();
    await queues.teardown('one', known);
    expect(names(sns)).toEqual(['Unsubscribe']);
    await queues.teardown('one', known);
    const removed = sns.commandCalls(UnsubscribeCommand).map(({ args }) => args[0].input);
    expect(removed.map(({ SubscriptionArn }) => SubscriptionArn)).toEqual([
      SUBSCRIPTION,
      SUBSCRIPTION,
      `${SUBSCRIPTION}-late`,
    ]);
  });

  test('removes former queues too, also when one cannot be removed', async () => {
    sqs.on(DeleteQueueCommand).rejectsOnce(awsFault('RequestThrottled', 403)).resolves({});
    const former = [
      { queueName: 'a2a-one-r1', queueUrl: `${URL}-r1`, subscriptionArn: `${SUBSCRIPTION}1` },
      { queueName: 'a2a-one-r2' },
    ];
    await expect(manager().teardown('one', { ...known, former })).rejects.toMatchObject({
      code: 'throttled',
    });
    const deleted = sqs.commandCalls(DeleteQueueCommand).map(({ args }) => args[0].input.QueueUrl);
    expect(deleted.slice(0, 2)).toEqual([URL, `${URL}-r1`]);
    expect(names(sqs)).toContain('GetQueueUrl');
  });
});

describe('at the same time', () => {
  test('calls for one instance take turns', async () => {
    const slow = new Gate<{ SubscriptionArn: string }>();
    sns
      .on(SubscribeCommand)
      .callsFakeOnce(() => slow.opened)
      .resolves({ SubscriptionArn: SUBSCRIPTION });
    const queues = manager();
    const first = queues.provision('one');
    const second = queues.provision('one');
    const last = queues.teardown('one');
    await flush();
    expect(names(sqs)).toEqual(['CreateQueue']);
    slow.open({ SubscriptionArn: SUBSCRIPTION });
    expect(await first).toEqual(await second);
    await last;
    expect(names(sqs)).toEqual(['CreateQueue', 'CreateQueue', 'GetQueueUrl', 'DeleteQueue']);
  });

  test('a call that failed does not fail the next', async () => {
    sqs
      .on(CreateQueueCommand)
      .rejectsOnce(awsFault('RequestThrottled'))
      .resolves({ QueueUrl: URL });
    const queues = manager();
    const [first, second] = await Promise.allSettled([
      queues.provision('one'),
      queues.provision('one'),
    ]);
    expect(first.status).toBe('rejected');
    expect(second.status).toBe('fulfilled');
  });

  test('instances do not wait for each other', async () => {
    sns
      .on(SubscribeCommand)
      .callsFakeOnce(() => new Gate<never>().opened)
      .resolves({ SubscriptionArn: SUBSCRIPTION });
    const queues = manager();
    void queues.provision('stuck');
    await expect(queues.provision('free')).resolves.toMatchObject({ queueName: 'a2a-free' });
  });
});
