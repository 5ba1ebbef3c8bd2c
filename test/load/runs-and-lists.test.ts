import { FIRST_SLOT, mapConcurrent } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage, DynamoDBTaskStore } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { type ListTasksResponse, Task, TaskState } from '@a2a-js/sdk';
import { type Backend, type BackendHealth, createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from '../fixtures/agent-card.ts';
import { AwsView } from '../fixtures/aws-view.ts';
import { eventually, pause } from '../fixtures/eventually.ts';
import { CALM_LEASE } from '../fixtures/fleet.ts';
import { RecordedLogger } from '../fixtures/recorded-logger.ts';
import { callContext, list, send } from '../fixtures/requests.ts';
import { ScriptedAgent, Scripts } from '../fixtures/scripted-agent.ts';
import { TcpProxy } from '../fixtures/tcp-proxy.ts';

const timeout = 180_000;
const PATIENCE_MS = 60_000;
const RUNS = 2_000;
/** Runs that execute before all other messages arrive at once. */
const EARLY_RUNS = 100;
const TASKS = 10_000;
const PAGE = 50;
const LISTS_AT_ONCE = 4;
const COMPLETED = TaskState.TASK_STATE_COMPLETED;
/**
 * Milliseconds by which the table's answers are late. 2,000 calls at once then keep the 50 sockets of a
 * client busy for 8 seconds, which is longer than the lease. The embedded DynamoDB stays idle enough.
 */
const DELAY_MS = 200;
/** So many that an instance without them would have been declared dead twice. */
const BEATS = (2 * CALM_LEASE.leaseMs) / CALM_LEASE.beatMs;
/** All clients without authentication share this owner. */
const OWNER = { tenant: '', owner: 'unknown' };

let aws: LocalAws;
let view: AwsView;
let slow: TcpProxy;
let lost: TcpProxy;

beforeAll(async () => {
  aws = await startLocalAws();
  view = new AwsView(aws, OWNER);
  const { endpoint } = aws.clientConfig.dynamodb;
  [slow, lost] = await Promise.all([TcpProxy.start(endpoint), TcpProxy.start(endpoint)]);
  await storeTasks();
}, timeout);
afterAll(async () => {
  view.stop();
  await Promise.all([slow.stop(), lost.stop()]);
  await aws.stop();
}, timeout);

/** Stores the newest page of tasks completely, and only the items that a list reads for the others. */
async function storeTasks(): Promise<void> {
  const { region, credentials, dynamodb } = aws.clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  const table = { client, tableName: aws.tableName, prefix: 'a2a' };
  const [heads, tasks] = [new DynamoDBLogStorage(table), new DynamoDBTaskStore(table)];
  const [now, state] = [Date.now(), COMPLETED];
  await mapConcurrent([...Array(TASKS).keys()], 50, async (n) => {
    const [taskId, contextId, time] = [crypto.randomUUID(), crypto.randomUUID(), now - n * 1_000];
    if (n < PAGE) {
      const status = { state, message: undefined, timestamp: new Date(time).toISOString() };
      await tasks.save({ ...Task.fromJSON({ id: taskId, contextId }), status }, callContext());
    } else {
      const head = { taskId, contextId, state, timestamp: time, latest: time, writtenAtMs: time };
      await heads.putHead({ ...OWNER, taskId }, { ...head, slot: FIRST_SLOT });
    }
  });
  client.destroy();
}

function create(name: string, table: TcpProxy): { backend: Backend; logger: RecordedLogger } {
  const logger = new RecordedLogger();
  const { tableName, topicArn } = aws;
  const clientConfig = { ...aws.clientConfig, dynamodb: { endpoint: table.endpoint } };
  const options = { tableName, topicArn, clientConfig, lease: CALM_LEASE, logger };
  return { backend: createBackend({ ...options, instanceId: name }), logger };
}

test('[I5] [I6] [I7] 2,000 runs and lists over 10,000 tasks delay no heartbeat, no health check and no clean-up', {
  timeout,
}, async () => {
  const scripts = new Scripts();
  const text = scripts.add(async (turn) => {
    turn.task();
    await turn.untilCanceled();
  });
  const card = agentCard('http://127.0.0.1');
  const [dead, busy] = [create('dead', lost), create('busy', slow)];
  await Promise.all([dead.backend.start(), busy.backend.start()]);
  const [victim, instance] = [dead.backend.stats().instance, busy.backend.stats().instance];
  const losing = dead.backend.requestHandler(card, new ScriptedAgent('dead', scripts));
  const begun = await losing.sendMessage(send(text, { returnImmediately: true }), callContext());
  const taskId = 'id' in begun ? begun.id : '';
  await eventually('the victim has rows', async () => (await view.rowsOf(victim)).runs > 0);

  const handler = busy.backend.requestHandler(card, new ScriptedAgent('busy', scripts));
  let isOver = false;
  const untilOver = async (work: () => Promise<unknown>): Promise<void> => {
    while (!isOver) await work();
  };
  // A request is refused if it takes too long, or if too many wait. Its client asks again later.
  const run = (): Promise<void> => {
    const request = send(text);
    return untilOver(() =>
      handler.sendMessage(request, callContext()).then(
        () => {},
        () => pause(1_000),
      ),
    );
  };
  const pages: ListTasksResponse[] = [];
  const listTasks = async (): Promise<void> => {
    pages.push(await handler.listTasks(list({ status: COMPLETED }), callContext()));
  };
  await listTasks();
  const running = Array.from({ length: EARLY_RUNS }, run);
  await eventually('the first runs', () => busy.backend.health().runs === EARLY_RUNS, PATIENCE_MS);
  while (running.length < RUNS) running.push(run());
  const listing = Array.from({ length: LISTS_AT_ONCE }, () =>
    untilOver(() => listTasks().catch(() => {})),
  );
  const healths: BackendHealth[] = [];
  const checking = untilOver(async () => {
    healths.push(busy.backend.health());
    await pause(100);
  });
  slow.delay(DELAY_MS);
  lost.silence();

  const beatOf = async (): Promise<number> => (await view.lease(instance))?.beat ?? -1;
  const before = await beatOf();
  await eventually(
    'nothing of the dead instance is left',
    async () => {
      const { leases, runs, watches } = await view.rowsOf(victim);
      return leases + runs + watches === 0;
    },
    PATIENCE_MS,
  );
  await eventually('beats go on', async () => (await beatOf()) >= before + BEATS, PATIENCE_MS);
  isOver = true;
  slow.delay(0);
  await checking;

  expect((await view.log(taskId)).at(-1)?.entries[0]?.kind).toBe('fence');
  expect(pages.filter(({ tasks }) => tasks.length !== PAGE)).toEqual([]);
  expect(pages.filter(({ totalSize }) => totalSize !== TASKS)).toEqual([]);
  expect(healths.filter(({ ready }) => !ready)).toEqual([]);
  expect(busy.backend.health()).toMatchObject({ phase: 'ready', uncleaned: 0 });
  expect(busy.backend.stats().instance).toBe(instance);
  expect(busy.logger.text).not.toContain('instance.died');

  lost.open();
  await Promise.all([busy.backend.stop({ drainMs: 0 }), dead.backend.stop({ drainMs: 0 })]);
  await Promise.all([...running, ...listing]);
});
