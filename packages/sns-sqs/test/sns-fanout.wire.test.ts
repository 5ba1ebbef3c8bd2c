import { silentLogger, systemClock, systemEntropy } from '@a2a-aws/core';
import { type FanoutUnderTest, fanoutSuite } from '@a2a-aws/testkit';
import { Gate } from '@a2a-aws/testkit/fakes';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  ListSubscriptionsByTopicCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFanoutClients, type FanoutClients } from '../src/clients.ts';
import { DirectFanout } from '../src/direct-fanout.ts';
import { queuePolicy } from '../src/queue/queue-policy.ts';
import { SnsFanout } from '../src/sns-fanout.ts';
import { topicDefinition } from '../src/topic/topic-definition.ts';

interface Wire extends FanoutUnderTest {
  readonly lose: NonNullable<FanoutUnderTest['lose']>;
  readonly fanout: SnsFanout;
  readonly clients: FanoutClients;
  readonly topicArn: string;
}

async function wire(): Promise<Wire> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const clients = createFanoutClients({ endpoint, region: 'us-east-1', credentials });
  const { TopicArn } = await clients.sns.send(new CreateTopicCommand(topicDefinition('events')));
  if (!TopicArn) throw new Error('no topic');
  const make = () =>
    new SnsFanout({
      ...clients,
      topicArn: TopicArn,
      prefix: 'a2a',
      clock: systemClock,
      entropy: systemEntropy,
      logger: silentLogger,
    });
  const lose: Wire['lose'] = async (part, _instance, { queueUrl, subscriptionArn }) => {
    if (part === 'queue') await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }));
    else await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: subscriptionArn }));
  };
  const dispose = async (): Promise<void> => {
    for (const client of Object.values(clients)) client.destroy();
    app.server.closeAllConnections();
    await app.close();
  };
  return { fanout: make(), peer: make, lose, clients, topicArn: TopicArn, dispose };
}

fanoutSuite('SnsFanout on an emulator', { delivers: true, loses: ['queue', 'subscription'] }, wire);

fanoutSuite('DirectFanout on an emulator', { delivers: true, loses: ['queue'] }, async () => {
  const { clients, lose, dispose } = await wire();
  const time = { clock: systemClock, entropy: systemEntropy };
  const queues = { ...clients, ...time, prefix: 'a2a', logger: silentLogger };
  const peer: FanoutUnderTest['peer'] = (addressOf) => new DirectFanout({ ...queues, addressOf });
  return { fanout: new DirectFanout(queues), peer, lose, dispose };
});

describe('SnsFanout on an emulator', () => {
  let here: Wire;

  beforeEach(async () => {
    here = await wire();
  });

  afterEach(() => here.dispose());

  const queues = async (): Promise<string[]> =>
    (await here.clients.sqs.send(new ListQueuesCommand({}))).QueueUrls ?? [];
  const attributes = async (queueUrl: string | undefined): Promise<Record<string, string>> => {
    const input = { QueueUrl: queueUrl, AttributeNames: ['All' as const] };
    return (await here.clients.sqs.send(new GetQueueAttributesCommand(input))).Attributes ?? {};
  };

  test('leaves no queue and no subscription behind', async () => {
    const { fanout, clients, topicArn } = here;
    const address = await fanout.provision('known');
    await fanout.provision('unknown');
    expect(await queues()).toHaveLength(2);
    await fanout.teardown('known', address);
    await fanout.teardown('unknown');
    expect(await queues()).toEqual([]);
    const input = { TopicArn: topicArn };
    const topic = await clients.sns.send(new ListSubscriptionsByTopicCommand(input));
    expect(topic.Subscriptions ?? []).toEqual([]);
  });

  test('completes a provision or teardown that was cut short', async () => {
    const { fanout, clients, topicArn } = here;
    const first = await fanout.provision('one');
    await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: first.subscriptionArn }));
    const second = await fanout.provision('one');
    expect(second.queueUrl).toBe(first.queueUrl);
    const input = { TopicArn: topicArn };
    const topic = await clients.sns.send(new ListSubscriptionsByTopicCommand(input));
    expect(topic.Subscriptions?.map(({ SubscriptionArn }) => SubscriptionArn)).toEqual([
      second.subscriptionArn,
    ]);
  });

  test('derives the ARN that the queue really gets', async () => {
    const { queueUrl } = await here.fanout.provision('one');
    const { Policy, QueueArn, ...made } = await attributes(queueUrl);
    expect(JSON.parse(Policy ?? '')).toEqual(queuePolicy(QueueArn ?? '', here.topicArn));
    expect(made).toMatchObject({ MessageRetentionPeriod: '300', VisibilityTimeout: '10' });
  });

  test('deletes handled messages', async () => {
    const { queueUrl } = await here.fanout.provision('one');
    const heard = new Gate<string>();
    const receiver = here.fanout.receive('one', (text) => heard.open(text));
    await here.fanout.publish(['one'], 'hello');
    expect(await heard.opened).toBe('hello');
    await receiver.close();
    expect(await attributes(queueUrl)).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
    });
  });

  test('reports that the topic is gone, and leaves the rest to a teardown', async () => {
    const { fanout, clients, topicArn } = here;
    await clients.sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
    await expect(fanout.check()).rejects.toMatchObject({ code: 'topic-not-found' });
    await expect(fanout.provision('one')).rejects.toMatchObject({ code: 'topic-not-found' });
    await fanout.teardown('one');
    expect(await queues()).toEqual([]);
    await expect(fanout.publish(['one'], 'x')).resolves.toBe(false);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 1 });
  });

  test('reports a queue of that name with other attributes', async () => {
    await here.clients.sqs.send(
      new CreateQueueCommand({ QueueName: 'a2a-one', Attributes: { VisibilityTimeout: '99' } }),
    );
    await expect(here.fanout.provision('one')).rejects.toMatchObject({ code: 'name-taken' });
    expect(await queues()).toHaveLength(1);
  });
});
