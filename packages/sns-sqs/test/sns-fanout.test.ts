import { flush, Gate, type TestClock } from '@a2a-aws/testkit/fakes';
import {
  GetTopicAttributesCommand,
  PublishBatchCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SnsFanout } from '../src/sns-fanout.ts';
import { MockedSnsFanout, publishAll, QUEUE_URL, TOPIC } from './fixtures/mocked-sns-fanout.ts';
import { awsFault } from './fixtures/stubs.ts';

const KIB = 1024;

let rig: MockedSnsFanout;
let sns: MockedSnsFanout['sns'];
let sqs: MockedSnsFanout['sqs'];
let clock: TestClock;
let fanout: SnsFanout;

beforeEach(() => {
  rig = new MockedSnsFanout();
  ({ sns, sqs, clock } = rig);
  fanout = rig.make();
});

describe('publish', () => {
  test('makes one call with an entry for every target', async () => {
    await fanout.publish(['one', 'two', 'one'], 'hello');
    expect(sns.commandCalls(PublishBatchCommand).map(({ args }) => args[0].input)).toEqual([
      {
        TopicArn: TOPIC,
        PublishBatchRequestEntries: ['one', 'two'].map((target, index) => ({
          Id: String(index),
          Message: 'hello',
          MessageAttributes: { target: { DataType: 'String', StringValue: target } },
        })),
      },
    ]);
    expect(fanout.stats()).toEqual({
      published: 2,
      publishFailed: 0,
      received: 0,
      unreadable: 0,
    });
  });

  test('uses a batch for one message too', async () => {
    await fanout.publish(['one'], 'hello');
    expect(rig.batches()).toHaveLength(1);
    expect(sns.calls()).toHaveLength(1);
  });

  test('makes no call without targets', async () => {
    await fanout.publish([], 'hello');
    expect(sns.calls()).toHaveLength(0);
  });

  test('resolves only once the topic has taken the message', async () => {
    const answer = new Gate<object>();
    sns.on(PublishBatchCommand).callsFake(() => answer.opened);
    let done = false;
    const publishing = fanout.publish(['one'], 'hello').then(() => {
      done = true;
    });
    await flush();
    expect(done).toBe(false);
    expect(fanout.stats().published).toBe(0);
    answer.open({ Successful: [{ Id: '0' }] });
    await publishing;
  });

  test('puts waiting messages into batches of ten', async () => {
    const targetsOf = Array.from({ length: 23 }, (_, index) => `instance-${index}`);
    await fanout.publish(targetsOf, 'hello');
    expect(rig.targets().map((batch) => batch.length)).toEqual([10, 10, 3]);
    expect(rig.targets().flat()).toEqual(targetsOf);
  });

  test('counts the bytes of a batch with its attributes', async () => {
    const half = 'x'.repeat(128 * KIB - 'targetStringone'.length);
    await Promise.all([fanout.publish(['one'], half), fanout.publish(['two'], half)]);
    expect(rig.targets()).toEqual([['one', 'two']]);
    await Promise.all([fanout.publish(['one'], half), fanout.publish(['four'], half)]);
    expect(rig.targets().slice(1)).toEqual([['one'], ['four']]);
  });

  test('counts bytes, not characters', async () => {
    await Promise.all(
      ['one', 'two'].map((target) => fanout.publish([target], '€'.repeat(60 * KIB))),
    );
    expect(rig.targets()).toEqual([['one'], ['two']]);
  });

  test('takes maxBytes with the longest target, and not one byte more', async () => {
    const longest = 'i'.repeat(80);
    await fanout.publish([longest], 'x'.repeat(fanout.maxBytes));
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 0 });
    await fanout.publish([longest, 'two'], 'x'.repeat(fanout.maxBytes + 1));
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 2 });
    expect(rig.batches()).toHaveLength(1);
    expect(rig.logger.lines).toEqual([
      {
        level: 'warn',
        event: 'fanout.message-too-large',
        fields: { bytes: fanout.maxBytes + 1 },
      },
    ]);
  });

  test('drops and counts messages beyond 16 MiB', async () => {
    const answer = new Gate<never>();
    sns.on(PublishBatchCommand).callsFake(() => answer.opened);
    const large = 'x'.repeat(255 * KIB);
    for (let index = 0; index < 64; index++) void fanout.publish(['one'], large);
    await flush();
    expect(fanout.stats().publishFailed).toBe(0);
    await fanout.publish(['one'], large);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 1 });
    expect(rig.batches()).toHaveLength(8);
  });
});

describe('publish, when it fails', () => {
  test('tries again those of a batch that failed, and gives up those that were refused', async () => {
    sns
      .on(PublishBatchCommand)
      .resolvesOnce({
        Successful: [{ Id: '0', MessageId: 'm' }],
        Failed: [
          { Id: '1', Code: 'InternalError', SenderFault: false },
          { Id: '2', Code: 'InvalidParameter', SenderFault: true },
        ],
      })
      .callsFake(publishAll);
    const publishing = fanout.publish(['one', 'two', 'three'], 'hello');
    await flush();
    expect(rig.targets()).toEqual([['one', 'two', 'three']]);
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 1 });
    await clock.advance(100);
    await publishing;
    expect(rig.targets()).toEqual([['one', 'two', 'three'], ['two']]);
    expect(fanout.stats()).toMatchObject({ published: 2, publishFailed: 1 });
  });

  test('gives up a throttled call after three tries, logs it once, and never rejects', async () => {
    sns.on(PublishBatchCommand).rejects(awsFault('ThrottledException', 429));
    const publishing = fanout.publish(['one', 'two'], 'secret');
    await flush();
    await clock.advance(100);
    await clock.advance(200);
    await expect(publishing).resolves.toBe(false);
    expect(rig.targets()).toEqual([
      ['one', 'two'],
      ['one', 'two'],
      ['one', 'two'],
    ]);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 2 });
    expect(rig.logger.lines).toEqual([
      {
        level: 'warn',
        event: 'fanout.publish-failed',
        fields: expect.objectContaining({ code: 'throttled' }),
      },
    ]);
  });

  test('logs when it works again', async () => {
    sns
      .on(PublishBatchCommand)
      .rejectsOnce(awsFault('ServiceUnavailable', 503))
      .callsFake(publishAll);
    const publishing = fanout.publish(['one'], 'hello');
    await flush();
    await clock.advance(100);
    await publishing;
    expect(rig.logger.lines.map(({ event }) => event)).toEqual([
      'fanout.publish-failed',
      'fanout.publish-recovered',
    ]);
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 0 });
    await clock.advance(10_000);
    sns.on(PublishBatchCommand).rejects(awsFault('NotFoundException', 404));
    await fanout.publish(['one'], 'hello');
    expect(rig.logger.lines.at(-1)).toMatchObject({ fields: { code: 'topic-not-found' } });
    expect(rig.logger.lines).toHaveLength(3);
  });

  test('does not send refused messages again', async () => {
    sns.on(PublishBatchCommand).rejects(awsFault('NotFoundException', 404));
    await fanout.publish(['one'], 'hello');
    expect(rig.batches()).toHaveLength(1);
    expect(fanout.stats().publishFailed).toBe(1);
    expect(rig.logger.lines[0]?.fields).toMatchObject({
      code: 'topic-not-found',
      cause: 'NotFoundException',
    });
  });
});

describe('check', () => {
  test('reads the attributes of the topic', async () => {
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { TopicArn: TOPIC } });
    await fanout.check();
    expect(sns.commandCalls(GetTopicAttributesCommand)[0]?.args[0].input).toEqual({
      TopicArn: TOPIC,
    });
  });

  test.each([
    ['NotFoundException', 404, 'topic-not-found'],
    ['AuthorizationErrorException', 403, 'access-denied'],
    ['ThrottledException', 429, 'throttled'],
    ['TimeoutError', 0, 'unreachable'],
    ['InvalidParameterException', 400, 'configuration'],
  ])('answers %s with its code', async (name, status, code) => {
    sns.on(GetTopicAttributesCommand).rejects(awsFault(name, status));
    await expect(fanout.check()).rejects.toMatchObject({ code });
  });

  test('wants a standard topic', async () => {
    sns.on(GetTopicAttributesCommand).resolves({ Attributes: { FifoTopic: 'true' } });
    await expect(fanout.check()).rejects.toMatchObject({ code: 'topic-mismatch' });
  });

  test.each([`${TOPIC}.fifo`, 'events'])('makes no call for %s', async (topicArn) => {
    await expect(rig.make({ topicArn }).check()).rejects.toMatchObject({ code: 'topic-mismatch' });
    expect(sns.calls()).toHaveLength(0);
  });
});

describe('an instance', () => {
  beforeEach(() => {
    sqs.on(CreateQueueCommand).resolves({ QueueUrl: QUEUE_URL });
    sqs.on(GetQueueUrlCommand).resolves({ QueueUrl: QUEUE_URL });
    sns.on(SubscribeCommand).resolves({ SubscriptionArn: `${TOPIC}:0f0f` });
  });

  test('has an address with the facts that the lease row keeps', async () => {
    expect(await fanout.provision('one')).toEqual({
      queueName: 'a2a-one',
      queueUrl: QUEUE_URL,
      subscriptionArn: `${TOPIC}:0f0f`,
    });
  });

  test.each([true, false])('is polled where it is (provisioned here: %s)', async (here) => {
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({ Messages: [{ Body: 'hello' }] })
      .callsFake(() => new Gate<never>().opened);
    if (here) await fanout.provision('one');
    const heard: string[] = [];
    const receiver = fanout.receive('one', (message) => heard.push(message));
    await flush();
    expect(heard).toEqual(['hello']);
    expect(fanout.stats()).toMatchObject({ received: 1, unreadable: 0 });
    expect(sqs.commandCalls(GetQueueUrlCommand)).toHaveLength(here ? 0 : 1);
    await receiver.close();
  });

  test('that has no queue is unhealthy, until it has one', async () => {
    sqs
      .on(GetQueueUrlCommand)
      .rejectsOnce(awsFault('QueueDoesNotExist'))
      .resolves({ QueueUrl: QUEUE_URL });
    sqs
      .on(ReceiveMessageCommand)
      .resolvesOnce({})
      .callsFake(() => new Gate<never>().opened);
    const receiver = fanout.receive('one', () => {});
    await flush();
    expect(receiver.healthy).toBe(false);
    expect(rig.logger.lines[0]?.fields).toEqual({ instance: 'one', code: 'configuration' });
    await clock.advance(100);
    expect(receiver.healthy).toBe(true);
    await receiver.close();
  });

  test('is polled by the client for polls', async () => {
    const polls: unknown[] = [];
    const polling = {
      send: (command: unknown): Promise<never> => {
        polls.push(command);
        return new Gate<never>().opened;
      },
    };
    const receiver = rig.make({ polling }).receive('one', () => {});
    await flush();
    expect(polls).toEqual([expect.any(ReceiveMessageCommand)]);
    expect(sqs.commandCalls(ReceiveMessageCommand)).toHaveLength(0);
    await receiver.close();
  });
});
