import { createDynamoDBClient, DynamoDBInstanceRegistry } from '@a2a-aws/dynamodb';
import { type LocalAws, startCluster, startLocalAws } from '@a2a-aws/local';
import { QueueLifecycleManager } from '@a2a-aws/sns-sqs';
import { ClientFactory } from '@a2a-js/sdk/client';
import { SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createBackend, runJanitor } from 'a2a-aws';
import { handler } from 'a2a-aws/janitor';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { failure } from './fixtures/eventually.ts';
import { CALM_LEASE, SHORT_LEASE } from './fixtures/fleet.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 120_000;
const lambda = { getRemainingTimeInMillis: () => 180_000 };
let aws: LocalAws;
let view: AwsView;

beforeAll(async () => {
  aws = await startLocalAws();
  view = new AwsView(aws, { tenant: '', owner: 'unknown' });
}, timeout);
afterAll(async () => {
  view.stop();
  await aws.stop();
}, timeout);
afterEach(() => vi.unstubAllEnvs());

const options = () => ({
  tableName: aws.tableName,
  topicArn: aws.topicArn,
  clientConfig: aws.clientConfig,
  lease: SHORT_LEASE,
  logger: new RecordedLogger(),
});

test('[I6] [I7] when all instances were killed, one round ends their tasks and removes their resources', {
  timeout,
}, async () => {
  const executor = new URL('./fixtures/counting-agent.ts', import.meta.url);
  const cluster = await startCluster({ instances: 2, executor, aws, lease: CALM_LEASE });
  await view.reached(4);
  const [a] = cluster.instances;
  const client = await new ClientFactory().createFromUrl(a?.url ?? '');
  const sender = new StreamReader(client.sendMessageStream(send('1000 chunks, 50 ms apart')));
  const id = await sender.taskId();
  for (const instance of cluster.instances) instance.kill('SIGKILL');
  // Until its process is gone, a call of an instance may still be on its way.
  await Promise.all(cluster.instances.map(({ exited }) => exited));
  await Promise.allSettled([sender.end()]);
  expect(await view.reach()).toHaveLength(4);

  const report = await runJanitor({ ...options(), lease: CALM_LEASE });

  expect(report).toEqual({ cleaned: 2, left: 0, queues: 0, subscriptions: 0, failed: 0 });
  const last = (await view.log(id)).at(-1)?.entries;
  expect(last?.[0]?.kind).toBe('fence');
  expect(JSON.stringify(last)).toContain('The instance that worked on the task was lost.');
  expect(await view.reach()).toEqual([]);
  expect(await view.rows()).toEqual([]);
  await cluster.stop();
});

test('[I7] resources without a lease row are removed in two phases; others stay', {
  timeout,
}, async () => {
  const { region, credentials, sns: topics, sqs: queues } = aws.clientConfig;
  const sns = new SNSClient({ region, credentials, ...topics });
  const sqs = new SQSClient({ region, credentials, ...queues });
  const logger = new RecordedLogger();
  const client = createDynamoDBClient({ region, credentials, ...aws.clientConfig.dynamodb });
  const { tableName } = aws;
  const registry = new DynamoDBInstanceRegistry({ client, tableName, prefix: 'a2a' });
  const table = await registry.identity();
  const topic = { sns, arn: aws.topicArn };
  const fleet = (more: object) =>
    new QueueLifecycleManager({ sqs, topic, prefix: 'a2a', table, logger, ...more });
  const ours = fleet({});
  await ours.provision('i-lost');
  const orphan = await ours.provision('i-orphan');
  await sqs.send(new DeleteQueueCommand({ QueueUrl: orphan.queueUrl }));
  // Others': of a prefix that begins alike, with leases in another table, made by hand.
  await fleet({ prefix: 'a2a-other' }).provision('i-1');
  await fleet({ table: 'another-table' }).provision('i-elsewhere');
  await sqs.send(new CreateQueueCommand({ QueueName: 'a2a-by-hand' }));
  const before = (await view.reach()).length;

  const young = await runJanitor(options());
  expect(young).toMatchObject({ queues: 0, subscriptions: 1, failed: 0 });
  const report = await runJanitor({ ...options(), minQueueAgeMs: 1 });

  expect(report).toMatchObject({ queues: 1, failed: 0 });
  const left = (await view.reach()).join('\n');
  expect(left).not.toContain('i-orphan');
  expect((await runJanitor({ ...options(), minQueueAgeMs: 1 })).queues).toBe(0);
  const end = await view.reach();
  expect(end.join('\n')).not.toContain('i-lost');
  for (const name of ['a2a-other-i-1', 'i-elsewhere', 'a2a-by-hand']) {
    expect(end.join('\n')).toContain(name);
  }
  expect(end).toHaveLength(before - 3);
  sns.destroy();
  sqs.destroy();
  client.destroy();
});

test('as a Lambda handler it finds its options in the environment', { timeout }, async () => {
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  expect(await handler({}, lambda)).toMatchObject({ cleaned: 0, failed: 0, left: 0 });
});

test('as a Lambda handler it fails when AWS does not let it', { timeout }, async () => {
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  vi.stubEnv('A2A_TABLE_NAME', 'no-such-table');
  expect(await failure('round', handler({}, lambda))).toMatchObject({ code: 'table-not-found' });
});

test('[I7] as a Lambda handler it fails when its time is too short for the dead', {
  timeout,
}, async () => {
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const backend = createBackend({ ...options(), logger: new RecordedLogger() });
  await backend.start();
  const short = { getRemainingTimeInMillis: () => 20_500 };
  expect(await failure('round', handler({}, short))).toMatchObject({ code: 'unreachable' });
  await backend.stop();
});
