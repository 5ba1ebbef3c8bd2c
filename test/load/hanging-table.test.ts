import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { type Backend, createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from '../fixtures/agent-card.ts';
import { AwsView } from '../fixtures/aws-view.ts';
import { eventually, Gate } from '../fixtures/eventually.ts';
import { CALM_LEASE } from '../fixtures/fleet.ts';
import { RecordedLogger } from '../fixtures/recorded-logger.ts';
import { callContext, list, send } from '../fixtures/requests.ts';
import { ScriptedAgent, Scripts } from '../fixtures/scripted-agent.ts';
import { TcpProxy } from '../fixtures/tcp-proxy.ts';

const timeout = 120_000;
const RUNS = 2_000;
const LISTS = 200;
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

test('[I5] [I6] [I7] 2,000 runs and 200 lists that hang delay no heartbeat, no health check and no clean-up', {
  timeout,
}, async () => {
  const scripts = new Scripts();
  const gate = new Gate();
  const card = agentCard('http://127.0.0.1');

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
  const begun = await losing.sendMessage(send(text, { returnImmediately: true }), callContext());
  const taskId = 'id' in begun ? begun.id : '';
  const victim = dead.backend.stats().instance;

  // Nothing that clients of the busy instance ask for is answered any more.
  const handler = busy.backend.requestHandler(card, new ScriptedAgent('busy', scripts));
  data.silence();
  const asked: Promise<unknown>[] = [];
  for (let n = 0; n < RUNS; n += 1) asked.push(handler.sendMessage(send(text), callContext()));
  for (let n = 0; n < LISTS; n += 1) asked.push(handler.listTasks(list(), callContext()));
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
    60_000,
  );
  await eventually('beats go on', async () => (await beatOf()) >= before + BEATS, 60_000);
  const last = (await view.log(taskId)).at(-1)?.entries;
  expect(last?.[0]?.kind).toBe('fence');
  expect(busy.backend.stats().instance).toBe(instance);
  expect(busy.backend.health()).toMatchObject({ ready: true, phase: 'ready', uncleaned: 0 });
  expect(busy.logger.text).not.toContain('instance.died');
  expect(served).toBe(0);

  data.open();
  lost.open();
  gate.open();
  await Promise.all([busy.backend.stop({ drainMs: 0 }), dead.backend.stop({ drainMs: 0 })]);
  await Promise.allSettled(asked);
});
