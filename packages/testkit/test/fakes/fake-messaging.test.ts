import { queuePolicy } from '@a2a-aws/sns-sqs';
import {
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishBatchCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  FakeAws,
  type FakeClients,
  type FakeRemoval,
  type FaultPlan,
  steady,
  VirtualClock,
} from '../../src/fakes/index.ts';

let clock: VirtualClock;
let aws: FakeAws;
let topicArn: string;
let clients: FakeClients;

function world(faults: Partial<FaultPlan> = {}): void {
  clock = new VirtualClock();
  aws = new FakeAws({ clock, faults: { ...steady(), ...faults } });
  topicArn = aws.sns.createTopic('events');
  clients = aws.clients();
}

beforeEach(() => world());

const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

async function queue(name: string, attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await clients.sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { Policy: JSON.stringify(queuePolicy(arnOf(name), topicArn)), ...attributes },
      tags: { owner: name },
    }),
  );
  return QueueUrl ?? '';
}

const subscribe = async (name: string, targets: string[]): Promise<string | undefined> => {
  const subscribed = await clients.sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: arnOf(name),
      Attributes: { RawMessageDelivery: 'true', FilterPolicy: JSON.stringify({ target: targets }) },
    }),
  );
  return subscribed.SubscriptionArn;
};

const publish = (target: string, ...messages: string[]) =>
  clients.sns.send(
    new PublishBatchCommand({
      TopicArn: topicArn,
      PublishBatchRequestEntries: messages.map((Message, at) => ({
        Id: String(at),
        Message,
        MessageAttributes: { target: { DataType: 'String', StringValue: target } },
      })),
    }),
  );

const send = (QueueUrl: string, ...bodies: string[]) =>
  clients.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: bodies.map((MessageBody, at) => ({ Id: String(at), MessageBody })),
    }),
  );

const receive = async (QueueUrl: string, WaitTimeSeconds = 0): Promise<Message[]> => {
  const input = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds };
  return (await clients.polling.send(new ReceiveMessageCommand(input))).Messages ?? [];
};

const bodies = async (QueueUrl: string): Promise<unknown[]> =>
  (await receive(QueueUrl)).map(({ Body }) => Body);

describe('a topic', () => {
  test('sends messages to queues whose filter they match', async () => {
    const [a, b] = [await queue('a'), await queue('b')];
    await subscribe('a', ['a', '*']);
    await subscribe('b', ['b', '*']);
    await publish('a', 'for a');
    await publish('*', 'for all');
    expect(await bodies(a)).toEqual(['for a', 'for all']);
    expect(await bodies(b)).toEqual(['for all']);
  });

  test('sends no message to a queue whose policy forbids it', async () => {
    const a = await queue('a', { Policy: JSON.stringify(queuePolicy(arnOf('a'), `${topicArn}x`)) });
    await subscribe('a', ['a']);
    await publish('a', 'x');
    expect(await bodies(a)).toEqual([]);
  });

  test('returns the same subscription for equal requests, and refuses another filter', async () => {
    const first = await subscribe('a', ['a']);
    expect(await subscribe('a', ['a'])).toBe(first);
    await expect(subscribe('a', ['b'])).rejects.toMatchObject({ name: 'InvalidParameter' });
    await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: first }));
    expect(await subscribe('a', ['b'])).not.toBe(first);
  });

  test('returns the attributes of a subscription while it exists', async () => {
    await queue('a');
    const SubscriptionArn = await subscribe('a', ['a']);
    const asks = new GetSubscriptionAttributesCommand({ SubscriptionArn });
    const { Attributes } = await clients.sns.send(asks);
    expect(Attributes).toMatchObject({ Endpoint: arnOf('a'), FilterPolicy: '{"target":["a"]}' });
    await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await expect(clients.sns.send(asks)).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test('takes 200 filter policies', async () => {
    for (let n = 0; n < 200; n += 1) await subscribe(`q${n}`, ['x']);
    await expect(subscribe('one-more', ['x'])).rejects.toMatchObject({
      name: 'FilterPolicyLimitExceeded',
    });
    const input = { TopicArn: topicArn };
    const page = await clients.sns.send(new ListSubscriptionsByTopicCommand(input));
    expect(page.Subscriptions).toHaveLength(100);
    expect(page.NextToken).toBeDefined();
  });

  test('keeps the subscription of a deleted queue', async () => {
    const url = await queue('a');
    await subscribe('a', ['a']);
    await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    expect(aws.sns.subscribedQueues()).toEqual([arnOf('a')]);
    await expect(publish('a', 'x')).resolves.toMatchObject({ Failed: [] });
  });

  test('refuses batches that are too large, too long, or have an id twice', async () => {
    const message = 'x'.repeat(130 * 1024);
    const eleven = Array.from({ length: 11 }, () => 'x');
    await expect(publish('a', message, message)).rejects.toMatchObject({
      name: 'BatchRequestTooLong',
    });
    await expect(publish('a', ...eleven)).rejects.toMatchObject({
      name: 'TooManyEntriesInBatchRequest',
    });
    await expect(publish('a')).rejects.toMatchObject({ name: 'EmptyBatchRequest' });
  });

  test('loses, repeats and delays messages according to the plan', async () => {
    const plans = [[], [10, 2_000], [5]];
    world({ deliveries: () => plans.shift() ?? [] });
    const a = await queue('a', { VisibilityTimeout: '60' });
    await subscribe('a', ['a']);
    await publish('a', 'lost', 'twice', 'once');
    await clock.advance(100);
    expect(await bodies(a)).toEqual(['once', 'twice']);
    await clock.advance(2_000);
    expect(await bodies(a)).toEqual(['twice']);
  });

  test('sends no message to a new subscription for as long as the plan delays it', async () => {
    world({ subscriptionLag: () => 60_000 });
    const a = await queue('a');
    await subscribe('a', ['a']);
    await publish('a', 'early');
    await clock.advance(60_000);
    await publish('a', 'later');
    expect(await bodies(a)).toEqual(['later']);
  });

  test('fails some entries of a batch according to the plan', async () => {
    let at = 0;
    world({
      call: () => ({ acts: [0], answers: 0, failedEntries: 50 }),
      entryFails: () => at++ % 2 === 0,
    });
    const a = await queue('a');
    await subscribe('a', ['a']);
    const answer = await publish('a', '0', '1', '2');
    expect(answer.Failed).toMatchObject([
      { Id: '0', SenderFault: false },
      { Id: '2', SenderFault: false },
    ]);
    expect(answer.Successful).toMatchObject([{ Id: '1' }]);
    expect(await bodies(a)).toEqual(['1']);
  });
});

describe('a queue', () => {
  test('answers a long poll as soon as there is a message, or when it is over', async () => {
    const url = await queue('a');
    const polled = receive(url, 20);
    clock.after(3_000, () => void send(url, 'late'));
    const began = clock.now();
    expect(await clock.run(polled)).toMatchObject([{ Body: 'late' }]);
    expect(clock.now() - began).toBe(3_000);
    const empty = receive(url, 20);
    expect(await clock.run(empty)).toEqual([]);
    expect(clock.now() - began).toBe(23_000);
  });

  test('gives a message again after the visibility timeout, unless it was deleted', async () => {
    const url = await queue('a', { VisibilityTimeout: '10' });
    await send(url, 'kept', 'deleted');
    const received = await receive(url);
    const Entries = [{ Id: '0', ReceiptHandle: received[1]?.ReceiptHandle }];
    await clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    expect(await bodies(url)).toEqual([]);
    const again = receive(url, 20);
    expect(await clock.run(again)).toMatchObject([{ Body: 'kept' }]);
  });

  test('names the receipts that it does not know, and deletes the others', async () => {
    const url = await queue('a');
    await send(url, 'x');
    const [message] = await receive(url);
    const answer = await clients.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'good', ReceiptHandle: message?.ReceiptHandle },
          { Id: 'bad', ReceiptHandle: 'never' },
        ],
      }),
    );
    expect(answer).toMatchObject({ Successful: [{ Id: 'good' }], Failed: [{ Id: 'bad' }] });
  });

  test('hides the messages of an aborted poll for the visibility timeout', async () => {
    const url = await queue('a', { VisibilityTimeout: '10' });
    const aborted = new AbortController();
    const input = { QueueUrl: url, WaitTimeSeconds: 20 };
    const polled = clients.polling.send(new ReceiveMessageCommand(input), {
      abortSignal: aborted.signal,
    });
    aborted.abort();
    await expect(polled).rejects.toMatchObject({ name: 'AbortError' });
    await send(url, 'taken');
    expect(await bodies(url)).toEqual([]);
    await clock.advance(10_000);
    expect(await bodies(url)).toEqual(['taken']);
  });

  test('moves messages that were received too often to the dead-letter queue', async () => {
    const dead = await queue('dead');
    const redrive = { deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 2 };
    const url = await queue('a', {
      VisibilityTimeout: '1',
      RedrivePolicy: JSON.stringify(redrive),
    });
    await send(url, 'poison');
    for (let n = 0; n < 2; n += 1) {
      expect(await bodies(url)).toEqual(['poison']);
      await clock.advance(1_000);
    }
    expect(await bodies(url)).toEqual([]);
    expect(await bodies(dead)).toEqual(['poison']);
  });

  test('drops messages after the retention period', async () => {
    const url = await queue('a', { MessageRetentionPeriod: '60' });
    await send(url, 'old');
    await clock.advance(61_000);
    expect(await bodies(url)).toEqual([]);
  });

  test('is the same for the same attributes; its name is blocked for 60 seconds', async () => {
    const url = await queue('a');
    expect(await queue('a')).toBe(url);
    await expect(queue('a', { VisibilityTimeout: '1' })).rejects.toMatchObject({
      name: 'QueueNameExists',
    });
    await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    await expect(queue('a')).rejects.toMatchObject({ name: 'QueueDeletedRecently' });
    const gone = { name: 'QueueDoesNotExist' };
    await expect(receive(url)).rejects.toMatchObject(gone);
    await expect(
      clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'a' })),
    ).rejects.toMatchObject(gone);
    await clock.advance(60_000);
    expect(await queue('a')).toBe(url);
  });

  test('returns its creation time in seconds', async () => {
    const made = clock.now();
    const QueueUrl = await queue('a');
    await clock.advance(5_000);
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['CreatedTimestamp'] }),
    );
    expect(Attributes?.CreatedTimestamp).toBe(String(Math.floor(made / 1_000)));
  });

  test('is listed by pages, with its tags', async () => {
    for (const name of ['a-1', 'a-2', 'a-3', 'b']) await queue(name);
    const first = await clients.sqs.send(
      new ListQueuesCommand({ QueueNamePrefix: 'a-', MaxResults: 2 }),
    );
    expect(first.QueueUrls).toHaveLength(2);
    const second = await clients.sqs.send(
      new ListQueuesCommand({
        QueueNamePrefix: 'a-',
        MaxResults: 2,
        NextToken: first.NextToken,
      }),
    );
    expect(second).toMatchObject({ QueueUrls: [expect.stringMatching(/a-3$/)] });
    expect(second.NextToken).toBeUndefined();
    const QueueUrl = second.QueueUrls?.[0];
    const { Tags } = await clients.sqs.send(new ListQueueTagsCommand({ QueueUrl }));
    expect(Tags).toEqual({ owner: 'a-3' });
  });
});

test('reports each queue and subscription that a caller removes', async () => {
  const removals: FakeRemoval[] = [];
  aws = new FakeAws({ onRemoval: (removal) => removals.push(removal) });
  topicArn = aws.sns.createTopic('events');
  clients = aws.clients('A');
  const QueueUrl = await queue('one');
  await queue('two');
  const SubscriptionArn = await subscribe('one', ['x']);
  await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  await clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  await clients.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  aws.sqs.lose('two');
  expect(removals).toEqual([
    { caller: 'A', queue: 'one' },
    { caller: 'A', queue: 'one' },
  ]);
});
