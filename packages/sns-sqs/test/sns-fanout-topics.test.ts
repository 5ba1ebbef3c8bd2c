import {
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import { queuePolicy } from '../src/queue/queue-policy.ts';
import type { SnsFanout } from '../src/sns-fanout.ts';
import { shardedId } from '../src/topic/topic-shards.ts';
import { MockedSnsFanout, QUEUE_URL, TOPIC } from './fixtures/mocked-sns-fanout.ts';

let rig: MockedSnsFanout;
let fanout: SnsFanout;

describe('with several topics', () => {
  const TOPICS = [TOPIC, `${TOPIC}-2`, `${TOPIC}-3`];
  const idOn = (shard: number): string => shardedId('i', shard, '0123456789abcdef');
  const topicsOf = (): (string | undefined)[] =>
    rig.sns.commandCalls(PublishBatchCommand).map(({ args }) => args[0].input.TopicArn);

  beforeEach(() => {
    rig = new MockedSnsFanout();
    const { sns, sqs } = rig;
    fanout = rig.make({ topicArn: TOPICS });
    sqs.on(CreateQueueCommand).resolves({ QueueUrl: QUEUE_URL });
    sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE_URL });
    sqs.on(DeleteQueueCommand).resolves({});
    sns.on(SubscribeCommand).resolves({ SubscriptionArn: `${TOPIC}:0f0f` });
    sns.on(UnsubscribeCommand).resolves({});
    sns.on(ListSubscriptionsByTopicCommand).resolves({ Subscriptions: [] });
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: {} });
  });

  test('publishes to the topic of each target, in one call for each topic', async () => {
    await fanout.publish([idOn(0), idOn(2), idOn(2).replace('0123', 'abcd')], 'hello');
    expect(topicsOf()).toEqual([TOPICS[0], TOPICS[2]]);
    expect(rig.targets().map((batch) => batch.length)).toEqual([1, 2]);
  });

  test('puts a new instance on the topic with the fewest instances, and subscribes its queue to that topic only', async () => {
    const id = fanout.instanceId('i', '0123456789abcdef', [idOn(0), idOn(1)]);
    expect(id).toBe(idOn(2));
    await fanout.provision(id);
    expect(rig.sns.commandCalls(SubscribeCommand)[0]?.args[0].input.TopicArn).toBe(TOPICS[2]);
    const { Attributes } = rig.sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input ?? {};
    const arn = `arn:aws:sqs:eu-west-1:123456789012:a2a-${id}`;
    expect(JSON.parse(Attributes?.Policy ?? '')).toEqual(queuePolicy(arn, TOPICS[2]));
  });

  test('does not publish to an instance on an unknown topic, and counts the failure', async () => {
    await fanout.publish([idOn(3), idOn(1)], 'hello');
    expect(topicsOf()).toEqual([TOPICS[1]]);
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 1 });
    await expect(fanout.provision(idOn(3))).rejects.toMatchObject({ code: 'configuration' });
  });

  test('looks for a subscription on the topic of its instance', async () => {
    await fanout.teardown(idOn(1));
    const asked = rig.sns.commandCalls(ListSubscriptionsByTopicCommand);
    expect(asked.map(({ args }) => args[0].input.TopicArn)).toEqual([TOPICS[1]]);
  });

  test('removes a subscription of an unknown topic if its ARN is known', async () => {
    const subscriptionArn = `${TOPIC}-4:0f0f`;
    await fanout.teardown(idOn(3), { queueUrl: QUEUE_URL, subscriptionArn });
    const removed = rig.sns.commandCalls(UnsubscribeCommand).map(({ args }) => args[0].input);
    expect(removed).toEqual([{ SubscriptionArn: subscriptionArn }]);
    // Without the ARN it cannot remove the subscription. An instance that knows the topic will.
    await expect(fanout.teardown(idOn(3))).rejects.toMatchObject({ code: 'configuration' });
  });

  test('checks all topics', async () => {
    await fanout.check();
    expect(rig.sns.commandCalls(GetTopicAttributesCommand)).toHaveLength(3);
    await expect(rig.make({ topicArn: [TOPIC, 'events'] }).check()).rejects.toMatchObject({
      code: 'topic-mismatch',
    });
  });
});
