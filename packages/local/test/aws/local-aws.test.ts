import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { tableDefinition } from '@a2a-aws/dynamodb';
import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dynoxideBinary } from '../../src/aws/dynoxide.ts';
import * as resources from '../../src/aws/local-resources.ts';
import {
  type DynamoDbEngine,
  type LocalAws,
  type LocalAwsEnv,
  startLocalAws,
} from '../../src/index.ts';
import { descendants, killed, listens, runs, startScript } from '../fixtures/processes.ts';

vi.mock('../../src/aws/local-resources.ts', { spy: true });
vi.setConfig({ testTimeout: 60_000 });

const engines: DynamoDbEngine[] = dynoxideBinary() ? ['dynoxide', 'dynalite'] : ['dynalite'];
const arn = 'QueueArn';
const started: LocalAws[] = [];

async function start(dynamodb?: DynamoDbEngine): Promise<LocalAws> {
  const local = await startLocalAws(dynamodb && { dynamodb });
  started.push(local);
  return local;
}

function clients({ clientConfig }: LocalAws) {
  const { region, credentials } = clientConfig;
  return {
    dynamodb: new DynamoDBClient({ region, credentials, ...clientConfig.dynamodb }),
    sns: new SNSClient({ region, credentials, ...clientConfig.sns }),
    sqs: new SQSClient({ region, credentials, ...clientConfig.sqs }),
  };
}

function endpoints(env: LocalAwsEnv): string[] {
  return [env.AWS_ENDPOINT_URL_DYNAMODB, env.AWS_ENDPOINT_URL_SNS, env.AWS_ENDPOINT_URL_SQS];
}

const listening = (env: LocalAwsEnv) => Promise.all(endpoints(env).map(listens));

afterEach(async () => {
  await Promise.all(started.splice(0).map((local) => local.stop()));
});

describe.each(engines)('the local AWS on %s', (engine) => {
  test('has the table of the definition', async () => {
    const local = await start(engine);
    const { Table } = await clients(local).dynamodb.send(
      new DescribeTableCommand({ TableName: local.tableName }),
    );
    const expected = tableDefinition(local.tableName);
    expect(Table).toMatchObject({ TableStatus: 'ACTIVE', KeySchema: expected.KeySchema });
    expect(Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName).sort()).toEqual(
      expected.GlobalSecondaryIndexes?.map((index) => index.IndexName).sort(),
    );
  });

  test('keeps an item', async () => {
    const local = await start(engine);
    const { dynamodb } = clients(local);
    const Item = { pk: { S: 'p' }, sk: { S: 's' }, text: { S: 'kept' } };
    await dynamodb.send(new PutItemCommand({ TableName: local.tableName, Item }));
    const got = await dynamodb.send(
      new GetItemCommand({
        TableName: local.tableName,
        Key: { pk: Item.pk, sk: Item.sk },
        ConsistentRead: true,
      }),
    );
    expect(got.Item).toEqual(Item);
  });

  test('brings a published message to a subscribed queue', async () => {
    const local = await start(engine);
    const { sns, sqs } = clients(local);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'listener' }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [arn] }),
    );
    await sns.send(
      new SubscribeCommand({
        TopicArn: local.topicArn,
        Protocol: 'sqs',
        Endpoint: Attributes?.[arn],
        Attributes: {
          RawMessageDelivery: 'true',
          FilterPolicy: JSON.stringify({ target: ['me', '*'] }),
        },
      }),
    );
    const to = (target: string) =>
      sns.send(
        new PublishCommand({
          TopicArn: local.topicArn,
          Message: `for ${target}`,
          MessageAttributes: { target: { DataType: 'String', StringValue: target } },
        }),
      );
    await to('another');
    await to('me');
    const { Messages } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, MaxNumberOfMessages: 10 }),
    );
    expect(Messages?.map((message) => message.Body)).toEqual(['for me']);
  });

  test('is reached by another process through its environment', async () => {
    const local = await start(engine);
    const script = `
      import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
      import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
      import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
      const { A2A_TABLE_NAME: TableName, A2A_TOPIC_ARN: TopicArn } = process.env;
      const Item = { pk: { S: 'other' }, sk: { S: 'process' } };
      await new DynamoDBClient().send(new PutItemCommand({ TableName, Item }));
      await new SNSClient().send(new PublishCommand({ TopicArn, Message: 'hello' }));
      const sqs = new SQSClient();
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'other' }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    `;
    // A developer's own session must not be used.
    const own = { AWS_PROFILE: 'own', AWS_SESSION_TOKEN: 'own' };
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, ...own, ...local.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [stderr, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.once('exit', resolve)),
    ]);
    expect(code, stderr).toBe(0);
    const Key = { pk: { S: 'other' }, sk: { S: 'process' } };
    const got = await clients(local).dynamodb.send(
      new GetItemCommand({ TableName: local.tableName, Key, ConsistentRead: true }),
    );
    expect(got.Item).toEqual(Key);
  });

  test('runs beside another and shares no state with it', async () => {
    const [one, two] = await Promise.all([start(engine), start(engine)]);
    const Item = { pk: { S: 'p' }, sk: { S: 's' } };
    await clients(one).dynamodb.send(new PutItemCommand({ TableName: one.tableName, Item }));
    const got = await clients(two).dynamodb.send(
      new GetItemCommand({ TableName: two.tableName, Key: Item, ConsistentRead: true }),
    );
    expect(got.Item).toBeUndefined();
    await one.stop();
    expect(await listening(two.env)).toEqual([true, true, true]);
  });

  test('accepts no connection after its stop, and may be stopped twice', async () => {
    const local = await start(engine);
    expect(await listening(local.env)).toEqual([true, true, true]);
    await Promise.all([local.stop(), local.stop()]);
    await local.stop();
    expect(await listening(local.env)).toEqual([false, false, false]);
  });

  test('stops while a client polls a queue', async () => {
    const local = await start(engine);
    const { sqs } = clients(local);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'polled' }));
    const poll = sqs
      .send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }))
      .catch(() => undefined);
    await local.stop();
    sqs.destroy();
    await poll;
    expect(await listening(local.env)).toEqual([false, false, false]);
  });

  test('leaves no process behind if its topic is not created', async () => {
    const config = vi.mocked(resources.createTopic).mockRejectedValueOnce(new Error('no topic'));
    await expect(startLocalAws({ dynamodb: engine })).rejects.toMatchObject({
      name: 'BackendError',
      code: 'unreachable',
    });
    const [clientConfig] = config.mock.lastCall ?? [];
    for (const service of [clientConfig?.dynamodb, clientConfig?.sns]) {
      expect(await listens(service?.endpoint ?? '')).toBe(false);
    }
  });

  test('ends with the process that started it, killed though it be', async () => {
    const parent = await startScript('local-aws-process.ts', [engine]);
    const env: LocalAwsEnv = JSON.parse(parent.line);
    expect(await listening(env)).toEqual([true, true, true]);
    const children = process.platform === 'linux' ? descendants(parent.process.pid ?? 0) : [];
    if (engine === 'dynoxide') expect(children.map(({ name }) => name)).toContain('dynoxide');
    await killed(parent.process);
    await vi.waitFor(
      async () => {
        expect(await listening(env)).toEqual([false, false, false]);
        expect(children.filter(({ pid }) => runs(pid))).toEqual([]);
      },
      { timeout: 20_000 },
    );
  });
});

test('a missing engine is a configuration error', async () => {
  await expect(startLocalAws({ dynamodb: 'none' as 'dynalite' })).rejects.toMatchObject({
    name: 'BackendError',
    code: 'configuration',
  });
});
