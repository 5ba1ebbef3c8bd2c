import { TestClock } from '@a2a-aws/testkit/fakes';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ListQueueTagsCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { FleetQueues } from '../../src/queue/fleet-queues.ts';
import { queueTag } from '../../src/queue/queue-definition.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:events';
const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/a2a-one';
const OTHER = `${TOPIC}-2`;

let sns: ReturnType<typeof mockClient>;
let sqs: ReturnType<typeof mockClient>;

const fleetOf = (...topicArns: string[]): FleetQueues =>
  new FleetQueues({
    sns: new SNSClient({}),
    sqs: new SQSClient({}),
    topicArns,
    prefix: 'a2a',
    table: 'tasks',
    clock: new TestClock(0),
  });

const tagged = (topic?: string) => ({
  Tags: {
    [queueTag.instance]: 'one',
    [queueTag.prefix]: 'a2a',
    [queueTag.table]: 'tasks',
    ...(topic ? { [queueTag.topic]: topic } : {}),
  },
});

beforeEach(() => {
  sns = mockClient(SNSClient);
  sqs = mockClient(SQSClient);
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { CreatedTimestamp: '7' } });
});

describe('[I7] a queue', () => {
  test('is of the fleet if it is on one of its topics', async () => {
    sqs.on(ListQueueTagsCommand).resolves(tagged(OTHER));
    const queue = { instance: 'one', url: URL, createdAt: 7_000 };
    expect(await fleetOf(TOPIC, OTHER).describe(URL)).toEqual(queue);
    expect(await fleetOf(TOPIC).describe(URL)).toBeUndefined();
    expect(await fleetOf().describe(URL)).toBeUndefined();
  });

  test('on no topic is that of a fleet without topics', async () => {
    sqs.on(ListQueueTagsCommand).resolves(tagged());
    expect(await fleetOf().describe(URL)).toMatchObject({ instance: 'one' });
    expect(await fleetOf(TOPIC).describe(URL)).toBeUndefined();
  });
});

test('[I7] subscriptions are looked for on every topic', async () => {
  sns.on(ListSubscriptionsByTopicCommand).callsFake(async ({ TopicArn }: { TopicArn: string }) => ({
    Subscriptions: [
      {
        SubscriptionArn: `${TopicArn}:1`,
        Endpoint: 'arn:aws:sqs:eu-west-1:123456789012:a2a-one',
      },
    ],
  }));
  const found = await fleetOf(TOPIC, OTHER).subscriptions();
  expect(found.map(({ arn }) => arn)).toEqual([`${TOPIC}:1`, `${OTHER}:1`]);
  expect(await fleetOf().subscriptions()).toEqual([]);
});
