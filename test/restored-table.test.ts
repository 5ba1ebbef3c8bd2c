import { createTable, documentClient } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import {
  type AttributeValue,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { type Backend, createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually } from './fixtures/eventually.ts';
import { CALM_LEASE } from './fixtures/fleet.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';

const timeout = 90_000;
/** An instance with this lease notices nothing while the table is missing, or still empty. */
const LONG_LEASE = { ...CALM_LEASE, beatMs: 120_000, leaseMs: 300_000 };
let aws: LocalAws;
let view: AwsView;
let client: DynamoDBClient;
const started: Backend[] = [];

beforeAll(async () => {
  aws = await startLocalAws();
  view = new AwsView(aws);
  const { region, credentials, dynamodb } = aws.clientConfig;
  client = new DynamoDBClient({ region, credentials, ...dynamodb });
}, timeout);
afterAll(async () => {
  await Promise.all(started.map((backend) => backend.stop({ drainMs: 0 })));
  view.stop();
  client.destroy();
  await aws.stop();
}, timeout);

async function start(instanceId: string, lease = CALM_LEASE): Promise<Backend> {
  const { tableName, topicArn, clientConfig } = aws;
  const logger = new RecordedLogger();
  const options = { tableName, topicArn, clientConfig, lease, logger, instanceId };
  const backend = createBackend(options);
  started.push(backend);
  await backend.start();
  return backend;
}

type Item = Record<string, AttributeValue>;

async function backUp(): Promise<Item[]> {
  return (await client.send(new ScanCommand({ TableName: aws.tableName }))).Items ?? [];
}

/** Puts the table of the backup in the place of the one that there is, under its name. */
async function restore(items: readonly Item[]): Promise<void> {
  await client.send(new DeleteTableCommand({ TableName: aws.tableName }));
  await createTable(documentClient(client), aws.tableName);
  for (const Item of items)
    await client.send(new PutItemCommand({ TableName: aws.tableName, Item }));
}

const isReady = (backend: Backend): boolean => {
  const { ready, doorbell } = backend.health();
  return ready && doorbell === true;
};

test('[I7] an instance that started after the backup removes the queue that no lease names any more', {
  timeout,
}, async () => {
  const early = await start('early', LONG_LEASE);
  await view.reached(2);
  const backup = await backUp();
  const late = await start('late');
  await view.reached(4);
  const [kept, lost] = [early.stats().instance, late.stats().instance];

  await restore(backup);

  await eventually('another life', () => late.stats().instance !== lost && isReady(late));
  await eventually('nothing of the former one to be left', async () => {
    const reach = (await view.reach()).join();
    return !reach.includes(lost) && reach.includes(late.stats().instance);
  });
  await eventually('the other one to be ready', () => isReady(early));
  expect(early.stats().instance).toBe(kept);
  expect((await view.reached(4)).join()).toContain(kept);
});

test('[I7] an instance that stops before it has noticed removes its queue as well', {
  timeout,
}, async () => {
  const before = (await view.reach()).length;
  const backup = await backUp();
  const brief = await start('brief', LONG_LEASE);
  await view.reached(before + 2);
  const { instance } = brief.stats();
  await restore(backup);
  await brief.stop({ drainMs: 0 });
  expect(brief.stats().instance).toBe(instance);
  expect((await view.reach()).join()).not.toContain(instance);
});
