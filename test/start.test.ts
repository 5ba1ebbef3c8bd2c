import { tableDefinition } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { TaskState } from '@a2a-js/sdk';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  type Backend,
  BackendError,
  type BackendOptions,
  createBackend,
  LATEST_ONLY_PUSHES,
  RESUMABLE_STREAMS,
} from 'a2a-aws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { eventually, failure } from './fixtures/eventually.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { startRefusingAws } from './fixtures/refusing-aws.ts';
import { callContext, get, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts } from './fixtures/scripted-agent.ts';
import { TcpProxy } from './fixtures/tcp-proxy.ts';

const timeout = 60_000;
/** An endpoint without a listener refuses at once, so only the AWS SDK's own tries take time. */
const QUICK_MS = 10_000;
let aws: LocalAws;
let dynamodb: DynamoDBClient;
let sns: SNSClient;
let sqs: SQSClient;
const started: Backend[] = [];
const proxies: TcpProxy[] = [];

beforeAll(async () => {
  aws = await startLocalAws();
  const { region, credentials, ...at } = aws.clientConfig;
  dynamodb = new DynamoDBClient({ region, credentials, ...at.dynamodb });
  sns = new SNSClient({ region, credentials, ...at.sns });
  sqs = new SQSClient({ region, credentials, ...at.sqs });
}, timeout);

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

afterAll(async () => {
  await Promise.all(started.map((backend) => backend.stop()));
  for (const client of [dynamodb, sns, sqs]) client.destroy();
  await aws.stop();
}, timeout);

function backend(options: BackendOptions = {}): Backend {
  const { tableName, topicArn, clientConfig } = aws;
  const logger = new RecordedLogger();
  const made = createBackend({ tableName, topicArn, clientConfig, logger, ...options });
  started.push(made);
  return made;
}

async function proxyTo(endpoint: string): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(endpoint);
  proxies.push(proxy);
  return proxy;
}

async function topic(TopicArn: string): Promise<string[]> {
  const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  return (Subscriptions ?? []).map(({ Endpoint }) => Endpoint ?? '');
}

async function queues(): Promise<string[]> {
  return (await sqs.send(new ListQueuesCommand())).QueueUrls ?? [];
}

/** The coded error that a start fails with; nothing is left behind. */
async function startFailure(options: BackendOptions): Promise<string> {
  const error = await failure('start', backend(options).start());
  expect(error).toBeInstanceOf(BackendError);
  expect(await topic(aws.topicArn)).toEqual([]);
  expect(await queues()).toEqual([]);
  return (error as BackendError).code;
}

async function table(name: string, change: (d: ReturnType<typeof tableDefinition>) => object) {
  await dynamodb.send(
    new CreateTableCommand({ ...tableDefinition(name), ...change(tableDefinition(name)) }),
  );
  return name;
}

describe('a start fails with a coded error and leaves no resource behind:', () => {
  test.each([
    [{ tableName: '' }, 'tableName'],
    [{ topicArn: 'not-an-arn' }, 'topicArn'],
    [{ prefix: 'a#b' }, 'prefix'],
    [{ instanceId: '--' }, 'instanceId'],
    [{ lease: { beatMs: 1_000, leaseMs: 1_000 } }, 'lease'],
    [{ cancelDeadlineMs: 0 }, 'cancelDeadlineMs'],
  ])('malformed options %j, by name', (options, name) => {
    expect(() => backend(options)).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining(name) }),
    );
  });

  test('no table', { timeout }, async () => {
    expect(await startFailure({ tableName: 'no-such-table' })).toBe('table-not-found');
  });

  test('a table of other keys', { timeout }, async () => {
    const name = await table('other-keys', () => ({
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: undefined,
    }));
    expect(await startFailure({ tableName: name })).toBe('table-mismatch');
  });

  test('a table that lacks an index', { timeout }, async () => {
    const name = await table('no-index', ({ AttributeDefinitions, GlobalSecondaryIndexes }) => ({
      AttributeDefinitions: AttributeDefinitions?.filter(
        ({ AttributeName }) =>
          AttributeName !== GlobalSecondaryIndexes?.[1]?.KeySchema?.[0]?.AttributeName,
      ),
      GlobalSecondaryIndexes: GlobalSecondaryIndexes?.slice(0, 1),
    }));
    expect(await startFailure({ tableName: name })).toBe('table-mismatch');
  });

  test('no topic', { timeout }, async () => {
    expect(await startFailure({ topicArn: `${aws.topicArn}-other` })).toBe('topic-not-found');
  });

  test('a FIFO topic', { timeout }, async () => {
    const { TopicArn } = await sns.send(
      new CreateTopicCommand({ Name: 'ordered.fifo', Attributes: { FifoTopic: 'true' } }),
    );
    expect(await startFailure({ topicArn: TopicArn })).toBe('topic-mismatch');
  });

  test.each(['dynamodb', 'sns'] as const)(
    'wrong credentials for %s',
    { timeout },
    async (service) => {
      const refusing = await startRefusingAws();
      const clientConfig = { ...aws.clientConfig, [service]: { endpoint: refusing.endpoint } };
      try {
        expect(await startFailure({ clientConfig })).toBe('access-denied');
      } finally {
        refusing.stop();
      }
    },
  );

  test('no answer of DynamoDB; a second start works once there is one', {
    timeout,
  }, async () => {
    const proxy = await proxyTo(aws.clientConfig.dynamodb.endpoint);
    const clientConfig = { ...aws.clientConfig, dynamodb: { endpoint: proxy.endpoint } };
    proxy.shut();
    const late = backend({ clientConfig });

    const before = Date.now();
    const error = await failure('start', late.start());
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(Date.now() - before).toBeLessThan(QUICK_MS);
    expect(late.health()).toMatchObject({ ready: false });
    proxy.open();
    await late.start();

    expect(late.health()).toMatchObject({ ready: true });
    await late.stop();
    // A janitor finds the leftovers of the first try by its lease row, and removes them.
    expect(await topic(aws.topicArn)).toEqual([]);
    expect(await queues()).toEqual([]);
  });
});

test.each(['sns', 'sqs'] as const)(
  '[I6] without an answer of %s it starts, serves, and has a doorbell when there is one',
  { timeout },
  async (service) => {
    const proxy = await proxyTo(aws.clientConfig[service].endpoint);
    const clientConfig = { ...aws.clientConfig, [service]: { endpoint: proxy.endpoint } };
    proxy.shut();
    const logger = new RecordedLogger();
    const one = backend({ clientConfig, logger });
    const scripts = new Scripts();
    const handler = one.requestHandler(agentCard('http://x'), new ScriptedAgent('A', scripts));

    await one.start();
    expect(one.health()).toMatchObject({
      ready: true,
      doorbell: false,
      doorbellFault: expect.stringMatching(/^(unreachable|provisioning)$/),
    });
    const text = scripts.add(async (turn) => {
      turn.task();
      turn.status('COMPLETED');
    });
    const context = callContext();
    const task = await handler.sendMessage(send(text), context);
    expect(task).toMatchObject({ status: { state: TaskState.TASK_STATE_COMPLETED } });

    await eventually('a line that says so', () => logger.text.includes('doorbell.unavailable'));
    proxy.open();
    await eventually('a doorbell', () => one.health().doorbell, timeout);
    expect(one.health().doorbellFault).toBeUndefined();
    await eventually('a line that says so', () => logger.text.includes('doorbell.recovered'));
    await one.stop();
    expect(await topic(aws.topicArn)).toEqual([]);
    expect(await queues()).toEqual([]);
  },
);

test('before its start and after its stop a backend refuses requests with an error', {
  timeout,
}, async () => {
  const one = backend();
  const scripts = new Scripts();
  const handler = one.requestHandler(agentCard('http://x'), new ScriptedAgent('A', scripts));
  const request = (): Promise<unknown> =>
    handler.cancelTask({ ...get('id'), metadata: undefined }, callContext());

  expect(one.health()).toMatchObject({ live: true, ready: false, phase: 'new' });
  const card = await handler.getAgentCard();
  const given = agentCard('http://x');
  const extensions = [RESUMABLE_STREAMS, LATEST_ONLY_PUSHES].map((uri) =>
    expect.objectContaining({ uri, required: false }),
  );
  expect(card).toEqual({ ...given, capabilities: { ...given.capabilities, extensions } });
  expect((await failure('cancel', request())).message).toMatch(/Try again/);
  await one.start();
  expect((await failure('cancel', request())).message).toMatch(/not found/i);
  await one.stop();
  expect(one.health()).toMatchObject({ live: false, ready: false, phase: 'stopped' });
  expect((await failure('cancel', request())).message).toMatch(/Try again/);
  // Caches keep it.
  expect(await handler.getAgentCard()).toEqual(card);
  expect(await failure('start', one.start())).toMatchObject({ code: 'draining' });
});

test('[I7] a backend that is suspended has no queue and takes no requests until it resumes', {
  timeout,
}, async () => {
  const one = backend();
  await one.start();
  const before = one.stats().instance;

  await one.suspend();
  expect(await failure('start', one.start())).toMatchObject({ code: 'draining' });
  expect(one.health()).toMatchObject({ ready: false, phase: 'stopped' });
  await eventually('no reach', async () => (await topic(aws.topicArn)).length === 0);

  await one.resume();
  expect(one.health()).toMatchObject({ ready: true });
  expect(one.stats().instance).not.toBe(before);
  await eventually('a subscription', async () => (await topic(aws.topicArn)).length === 1);
  await one.resume();
  expect(await topic(aws.topicArn)).toHaveLength(1);

  await one.suspend();
  await one.stop();
  expect(await failure('resume', one.resume())).toMatchObject({ code: 'draining' });
  await eventually('the end', async () => (await queues()).length === 0);
});

test('[I7] a stop removes queue and subscription', { timeout }, async () => {
  const one = backend();
  await one.start();
  await eventually('a subscription', async () => (await topic(aws.topicArn)).length === 1);
  expect(await queues()).toHaveLength(1);

  await one.stop();

  await eventually('the end of both', async () => {
    return (await topic(aws.topicArn)).length === 0 && (await queues()).length === 0;
  });
});
