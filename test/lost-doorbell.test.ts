import {
  ListSubscriptionsByTopicCommand,
  SNSClient,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { DeleteQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { A2aNode } from './fixtures/a2a-node.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 180_000;
/** Within a minute, and some time for a machine under load. */
const PATIENCE_MS = 90_000;
let fleet: Fleet;
let sns: SNSClient;
let sqs: SQSClient;

beforeAll(async () => {
  fleet = await Fleet.start();
  const { region, credentials, ...at } = fleet.aws.clientConfig;
  sns = new SNSClient({ region, credentials, ...at.sns });
  sqs = new SQSClient({ region, credentials, ...at.sqs });
}, timeout);
afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await fleet.stop();
}, timeout);

function isBack({ backend }: A2aNode): boolean {
  const { ready, doorbell, doorbellFault } = backend.health();
  return ready && doorbell === true && doorbellFault === undefined;
}

/** Deletes the queue or the subscription of an instance. */
async function lose(what: 'queue' | 'subscription', { backend }: A2aNode): Promise<void> {
  const id = backend.stats().instance;
  if (what === 'queue') {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand());
    const QueueUrl = QueueUrls.find((url) => url.includes(id));
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    return;
  }
  const { Subscriptions = [] } = await sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn: fleet.aws.topicArn }),
  );
  const found = Subscriptions.find(({ Endpoint }) => Endpoint?.includes(id));
  await sns.send(new UnsubscribeCommand({ SubscriptionArn: found?.SubscriptionArn }));
}

// A lost subscription is noticed within a minute, so the instances wait side by side.
test.concurrent.each([
  ['b', false],
  ['c', true],
] as const)(
  '[I6] a queue that is deleted is made again, and a subscription; instance %s, a stream is open: %s',
  { timeout },
  async (name, isOpen) => {
    for (const what of ['queue', 'subscription'] as const)
      await recovers(what, fleet[name], isOpen);
  },
);

async function recovers(
  what: 'queue' | 'subscription',
  node: A2aNode,
  isOpen: boolean,
): Promise<void> {
  const { backend, logger } = node;
  await eventually('a doorbell', () => isBack(node), PATIENCE_MS);
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.chunks('out', 0, 10);
    turn.status('COMPLETED', 'done');
  });
  const sender = new StreamReader((await fleet.a.client()).sendMessageStream(send(text)));
  const id = await sender.taskId();
  const open = async () => new StreamReader((await node.client()).resubscribeTask(get(id)));
  const early = isOpen ? await open() : undefined;
  const before = logger.lines.length;
  const recovered = () =>
    logger.lines.slice(before).some(({ event }) => event === 'doorbell.recovered');

  await lose(what, node);
  await eventually('a lost doorbell', () => !isBack(node) || recovered(), PATIENCE_MS);
  expect(backend.health().ready).toBe(true);
  await eventually('another one', () => isBack(node) && recovered(), PATIENCE_MS);

  const subscriber = early ?? (await open());
  await subscriber.taskId();
  gate.open();
  await Promise.all([sender.end(), subscriber.end()]);
  expect(subscriber.picture).toEqual(sender.picture);
}
