import { randomUUID } from 'node:crypto';
import {
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, Gate, pause } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 90_000;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

test('[I3] [I6] a doorbell that is lost mid-stream and works again costs only time', {
  timeout,
}, async () => {
  const gates = [new Gate(), new Gate(), new Gate()] as const;
  const text = fleet.script(async (turn) => {
    turn.task();
    for (const [i, gate] of gates.entries()) {
      await gate.opened;
      turn.chunks('out', i * 10, i * 10 + 10);
    }
    turn.status('COMPLETED', 'done');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  const has = (count: number) =>
    subscriber.until(`${count} chunks on B`, ({ artifacts }) => artifacts.out?.length === count);
  await subscriber.taskId();
  await eventually('a proven doorbell', () => fleet.b.backend.health().doorbell);
  expect(fleet.b.backend.health()).toMatchObject({ live: true, ready: true, taps: 1, runs: 0 });
  expect(fleet.b.backend.health().lagMs).toBeGreaterThanOrEqual(0);

  gates[0].open();
  await has(10);
  fleet.shutDoorbell();
  gates[1].open();
  await has(20);
  await eventually('a doorbell known to be dead', () => !fleet.b.backend.health().doorbell);
  fleet.openDoorbell();
  await eventually('a doorbell proven again', () => fleet.b.backend.health().doorbell);
  gates[2].open();
  await Promise.all([sender.end(), subscriber.end()]);

  expect(subscriber.picture?.artifacts.out).toEqual(numbers(30));
  expect(subscriber.picture).toEqual(sender.picture);
  // Each once: the first frame held none of them.
  expect(subscriber.names.filter((name) => name === 'artifact:out')).toHaveLength(30);
});

test('[I3] repeated, reordered and malformed doorbells change nothing', {
  timeout,
}, async () => {
  const { region, credentials, sns: snsAt, sqs: sqsAt } = fleet.aws.clientConfig;
  const sns = new SNSClient({ region, credentials, ...snsAt });
  const sqs = new SQSClient({ region, credentials, ...sqsAt });
  const TopicArn = fleet.aws.topicArn;
  const target = fleet.b.backend.stats().instance;
  const ring = (Message: string) =>
    sns.send(
      new PublishCommand({
        TopicArn,
        Message,
        MessageAttributes: { target: { DataType: 'String', StringValue: target } },
      }),
    );
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: randomUUID() }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  // It gets every message, because its subscription has no filter.
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const before = fleet.b.backend.stats();
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    for (let i = 0; i < 20; i += 1) {
      turn.artifact('out', `${i}`, i > 0);
      await pause(10);
    }
    await gate.opened;
    turn.status('COMPLETED');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.until('all chunks', ({ artifacts }) => artifacts.out?.length === 20);

  const heard: string[] = [];
  await eventually('the doorbells to be overheard', async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    heard.push(...Messages.map(({ Body = '' }) => Body));
    return Messages.length === 0 && heard.length > 0;
  });
  const junk = [
    '',
    '{',
    'null',
    '{"v":2,"bells":[{"kind":"record"}]}',
    '{"v":99,"kind":"canary"}',
    '\u0000',
  ];
  for (const message of [...heard.toReversed(), ...heard]) await ring(message);
  for (const message of junk.filter((message) => message !== '')) await ring(message);
  await eventually('B to hear them', () => {
    const { unauthenticated } = fleet.b.backend.stats();
    return unauthenticated - before.unauthenticated >= junk.length - 2;
  });
  gate.open();
  await Promise.all([sender.end(), subscriber.end()]);

  expect(subscriber.picture?.artifacts.out).toEqual(numbers(20));
  expect(subscriber.picture).toEqual(sender.picture);
  // Nothing of it comes again, or reaches the dead-letter queue.
  const { unreadable, ignored } = fleet.b.backend.stats();
  expect({ unreadable, ignored }).toEqual({
    unreadable: before.unreadable,
    ignored: before.ignored,
  });
  await eventually('one subscription for each instance, and that of this test', async () => {
    const { Subscriptions = [] } = await sns.send(
      new ListSubscriptionsByTopicCommand({ TopicArn }),
    );
    return Subscriptions.length === fleet.nodes.length + 1;
  });
  sns.destroy();
  sqs.destroy();
});
