import { FIRST_SLOT, mapConcurrent } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage, DynamoDBTaskStore } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { Task, TaskState } from '@a2a-js/sdk';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { type Backend, createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { CALM_LEASE } from './fixtures/fleet.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { list, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts } from './fixtures/scripted-agent.ts';
import { TcpProxy } from './fixtures/tcp-proxy.ts';

const timeout = 240_000;
const RUNS = 2_000;
const LISTS = 200;
/** Tasks of one owner. Lists show a page of them. */
const TASKS = 10_000;
const PAGE = 50;
const LISTS_AT_ONCE = 2;
/** So many that an instance without them had been declared dead twice. */
const BEATS = (2 * CALM_LEASE.leaseMs) / CALM_LEASE.beatMs;

let aws: LocalAws;
let view: AwsView;
let data: TcpProxy;
let lost: TcpProxy;

beforeAll(async () => {
  aws = await startLocalAws();
  view = new AwsView(aws, { tenant: '', owner: 'unknown' });
  [data, lost] = await Promise.all([
    TcpProxy.start(aws.clientConfig.dynamodb.endpoint),
    TcpProxy.start(aws.clientConfig.dynamodb.endpoint),
  ]);
}, timeout);
afterAll(async () => {
  view.stop();
  await Promise.all([data.stop(), lost.stop()]);
  await aws.stop();
}, timeout);

const context = (): ServerCallContext => new ServerCallContext({ requestedVersion: '1.0' });
const card = agentCard('http://127.0.0.1');

const clientAt = (endpoint: string) => {
  const { region, credentials } = aws.clientConfig;
  return createDynamoDBClient({ region, credentials, endpoint });
};

function start(name: string, clients: object): { backend: Backend; logger: RecordedLogger } {
  const logger = new RecordedLogger();
  const { tableName, topicArn, clientConfig } = aws;
  const options = { tableName, topicArn, clientConfig, clients, lease: CALM_LEASE, logger };
  return { backend: createBackend({ ...options, instanceId: name }), logger };
}

test('[I5][I6][I7] 2,000 runs and 200 lists that hang delay no beat, no health, no cleaning up', {
  timeout,
}, async () => {
  const scripts = new Scripts();
  const gate = new Gate();
  const dead = start('dead', { dynamodb: clientAt(lost.endpoint) });
  await dead.backend.start();
  const { dynamodb } = aws.clientConfig;
  const busy = start('busy', {
    dynamodb: clientAt(data.endpoint),
    control: clientAt(dynamodb.endpoint),
  });
  await busy.backend.start();

  // A task of the instance that is lost.
  const text = scripts.add(async (turn) => {
    turn.task();
    await gate.opened;
  });
  const losing = dead.backend.requestHandler(card, new ScriptedAgent('dead', scripts));
  const begun = await losing.sendMessage(send(text, { returnImmediately: true }), context());
  const taskId = 'id' in begun ? begun.id : '';
  const victim = dead.backend.stats().instance;

  // Nothing that clients of the busy instance ask for is answered any more.
  const handler = busy.backend.requestHandler(card, new ScriptedAgent('busy', scripts));
  data.silence();
  const asked: Promise<unknown>[] = [];
  for (let n = 0; n < RUNS; n += 1) asked.push(handler.sendMessage(send(text), context()));
  for (let n = 0; n < LISTS; n += 1) asked.push(handler.listTasks(list(), context()));
  let served = 0;
  for (const one of asked) {
    one.then(
      () => {
        served += 1;
      },
      () => {},
    );
  }
  lost.silence();

  const instance = busy.backend.stats().instance;
  const beatOf = async (): Promise<number> => (await view.lease(instance))?.beat ?? -1;
  const before = await beatOf();
  await eventually(
    'nothing of the dead instance is left',
    async () => {
      const { leases, runs, watches } = await view.rowsOf(victim);
      return leases + runs + watches === 0;
    },
    120_000,
  );
  await eventually('beats go on', async () => (await beatOf()) >= before + BEATS, 120_000);
  const last = (await view.log(taskId)).at(-1)?.entries;
  expect(last?.[0]?.kind).toBe('fence');
  expect(busy.backend.stats().instance).toBe(instance);
  expect(busy.backend.health()).toMatchObject({ ready: true, phase: 'ready', uncleaned: 0 });
  expect(busy.logger.text).not.toContain('instance.died');
  expect(served).toBe(0);

  data.open();
  lost.open();
  gate.open();
  await Promise.allSettled(asked);
  await Promise.all([busy.backend.stop({ drainMs: 0 }), dead.backend.stop({ drainMs: 0 })]);
});

type DynamoDBClient = ReturnType<typeof clientAt>;

/** Returns a client that reads, and whose writes are not answered before they are aborted. */
function withHangingWrites(client: DynamoDBClient): DynamoDBClient {
  const send = (command: object, options?: { readonly abortSignal?: AbortSignal }): unknown => {
    if (/Get|Query|Describe/.test(command.constructor.name)) {
      return client.send(command as never, options);
    }
    return new Promise((_, reject) => {
      options?.abortSignal?.addEventListener('abort', () => reject(new Error('Aborted.')));
    });
  };
  return Object.create(client, { send: { value: send } }) as DynamoDBClient;
}

/** Stores completed tasks: the newest page whole, of the others the heads, which lists read. */
async function storeTasks(client: DynamoDBClient): Promise<void> {
  const table = { client, tableName: aws.tableName, prefix: 'a2a' };
  const heads = new DynamoDBLogStorage(table);
  const tasks = new DynamoDBTaskStore(table);
  const state = TaskState.TASK_STATE_COMPLETED;
  const now = Date.now();
  await mapConcurrent([...Array(TASKS).keys()], 50, async (n) => {
    const [taskId, contextId, time] = [crypto.randomUUID(), crypto.randomUUID(), now - n * 1_000];
    if (n < PAGE) {
      const status = { state, message: undefined, timestamp: new Date(time).toISOString() };
      await tasks.save({ ...Task.fromJSON({ id: taskId, contextId }), status }, context());
      return;
    }
    const head = { taskId, contextId, state, timestamp: time, latest: time, writtenAtMs: time };
    await heads.putHead({ tenant: '', owner: 'unknown', taskId }, { ...head, slot: FIRST_SLOT });
  });
}

test('[I5][I6][I7] 2,000 runs that hang and lists over 10,000 tasks delay no beat, no health, no cleaning up', {
  timeout,
}, async () => {
  const { endpoint } = aws.clientConfig.dynamodb;
  const [client, control] = [clientAt(endpoint), clientAt(endpoint)];
  await storeTasks(client);
  lost.open();
  const dead = start('dead', { dynamodb: clientAt(lost.endpoint) });
  const busy = start('busy', { dynamodb: withHangingWrites(client), control });
  await Promise.all([dead.backend.start(), busy.backend.start()]);
  const victim = dead.backend.stats().instance;
  const { instance } = busy.backend.stats();
  const handler = busy.backend.requestHandler(card, new ScriptedAgent('busy', new Scripts()));
  let isOver = false;
  let lists = 0;
  // A start is given up after 15 s: its client sends again.
  const runs = Array.from({ length: RUNS }, async () => {
    while (!isOver) await handler.sendMessage(send('hangs'), context()).catch(() => {});
  });
  const listing = Array.from({ length: LISTS_AT_ONCE }, async () => {
    while (!isOver) {
      const status = TaskState.TASK_STATE_COMPLETED;
      const page = await handler.listTasks(list({ status }), context());
      expect(page.tasks).toHaveLength(PAGE);
      expect(page.totalSize).toBe(TASKS);
      lists += 1;
    }
  });
  lost.silence();

  const beatOf = async (): Promise<number> => (await view.lease(instance))?.beat ?? -1;
  const before = await beatOf();
  await eventually(
    'nothing of the dead instance is left',
    async () => {
      const { leases, runs, watches } = await view.rowsOf(victim);
      return leases + runs + watches === 0;
    },
    120_000,
  );
  await eventually('beats go on', async () => (await beatOf()) >= before + BEATS, 120_000);
  await eventually('lists are answered', () => lists >= LISTS_AT_ONCE, 120_000);
  expect(busy.backend.stats().instance).toBe(instance);
  expect(busy.backend.health()).toMatchObject({ ready: true, phase: 'ready', uncleaned: 0 });
  expect(busy.logger.text).not.toContain('instance.died');

  isOver = true;
  await Promise.all(listing);
  lost.open();
  await Promise.all([busy.backend.stop({ drainMs: 0 }), dead.backend.stop({ drainMs: 0 })]);
  await Promise.all(runs);
  for (const each of [client, control]) each.destroy();
});
