import { flush, TestClock } from '@a2a-aws/testkit/fakes';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { DirectFanout } from '../src/direct-fanout.ts';
import { queuePolicy } from '../src/queue/queue-policy.ts';
import { awsFault, fixedEntropy, recordingLogger } from './fixtures/stubs.ts';

const BASE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/';

let sqs: AwsClientStub<SQSClient>;
let clock: TestClock;
let logger: ReturnType<typeof recordingLogger>;
let fanout: DirectFanout;

const takeAll = async ({ Entries }: { Entries: SendMessageBatchRequestEntry[] }) => ({
  Successful: Entries.map(({ Id }) => ({ Id })),
});

beforeEach(async () => {
  sqs = mockClient(SQSClient);
  clock = new TestClock(0);
  logger = recordingLogger();
  sqs
    .on(CreateQueueCommand)
    .callsFake(async ({ QueueName }: { QueueName: string }) => ({ QueueUrl: BASE + QueueName }));
  sqs.on(SendMessageBatchCommand).callsFake(takeAll);
  fanout = new DirectFanout({
    sqs: new SQSClient({}),
    prefix: 'a2a',
    clock,
    entropy: fixedEntropy,
    logger,
  });
  await fanout.provision('one');
});

const sent = () => sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input);

describe('publish', () => {
  test('sends to the queue of each target, except its own', async () => {
    await fanout.publish(['two', 'three', 'two'], 'hello');
    expect(sent()).toEqual(
      ['two', 'three'].map((name) => ({
        QueueUrl: `${BASE}a2a-${name}`,
        Entries: [{ Id: '0', MessageBody: 'hello' }],
      })),
    );
    expect(fanout.stats()).toMatchObject({ published: 2, publishFailed: 0 });
  });

  test('sends failed entries of a batch again, and drops refused ones', async () => {
    sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({
        Successful: [],
        Failed: [
          { Id: '0', Code: 'InternalError', SenderFault: false },
          { Id: '1', Code: 'InvalidMessageContents', SenderFault: true },
        ],
      })
      .callsFake(takeAll);
    const done = Promise.all(['a', 'b'].map((text) => fanout.publish(['two'], text)));
    await flush();
    await clock.advance(100);
    await done;
    expect(sent()[1]?.Entries).toEqual([{ Id: '0', MessageBody: 'a' }]);
    expect(fanout.stats()).toMatchObject({ published: 1, publishFailed: 1 });
  });

  test('gives up a throttled call after three tries, and logs it once', async () => {
    sqs.on(SendMessageBatchCommand).rejects(awsFault('RequestThrottled', 403));
    const done = fanout.publish(['two'], 'secret');
    await flush();
    for (const ms of [100, 200]) await clock.advance(ms);
    await done;
    expect(sent()).toHaveLength(3);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 1 });
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        event: 'fanout.publish-failed',
        fields: expect.objectContaining({ code: 'throttled' }),
      },
    ]);
  });

  test('to an instance that is gone is tried once, and is no failure', async () => {
    sqs.on(SendMessageBatchCommand).rejects(awsFault('AWS.SimpleQueueService.NonExistentQueue'));
    await Promise.all(['a', 'b'].map((text) => fanout.publish(['two'], text)));
    expect(sent()).toHaveLength(1);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 2 });
    expect(logger.lines).toEqual([]);
  });

  test('to an instance that ended unnoticed soon costs no calls', async () => {
    sqs.on(SendMessageBatchCommand).rejects(awsFault('AWS.SimpleQueueService.NonExistentQueue'));
    for (let second = 0; second < 60; second += 1) {
      await fanout.publish(['two'], 'hello');
      await clock.advance(1_000);
    }
    expect(sent()).toHaveLength(6);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 60 });
  });

  test('to an instance with a new queue is tried until the queue is there', async () => {
    sqs
      .on(SendMessageBatchCommand)
      .rejectsOnce(awsFault('QueueDoesNotExist'))
      .rejectsOnce(awsFault('QueueDoesNotExist'))
      .callsFake(takeAll);
    for (let second = 0; second < 10; second += 1) {
      await fanout.publish(['two'], 'hello');
      await clock.advance(1_000);
    }
    expect(fanout.stats()).toMatchObject({ published: 8, publishFailed: 2 });
  });

  test.each(['', 'a/b', '../x', 'x'.repeat(80), '*'])('never makes a URL of %j', async (target) => {
    await fanout.publish([target], 'hello');
    expect(sent()).toEqual([]);
    expect(fanout.stats()).toMatchObject({ published: 0, publishFailed: 1 });
  });
});

describe('a queue', () => {
  test('has a policy that lets only the given roles in', () => {
    const { QueueName, Attributes } = sqs.commandCalls(CreateQueueCommand)[0]?.args[0].input ?? {};
    expect(QueueName).toBe('a2a-one');
    const policy = JSON.parse(Attributes?.Policy ?? '');
    expect(policy).toEqual(queuePolicy('*', undefined));
    expect(policy.Statement.map(({ Effect }: { Effect: string }) => Effect)).toEqual(['Deny']);
  });

  test('of an instance with a subscription is removed, and the rest is reported', async () => {
    sqs.on(DeleteQueueCommand).resolves({});
    const address = { queueUrl: `${BASE}a2a-two`, subscriptionArn: 'arn:aws:sns:x' };
    await expect(fanout.teardown('two', address)).rejects.toMatchObject({ code: 'configuration' });
    expect(sqs.commandCalls(DeleteQueueCommand)).toHaveLength(1);
  });
});
