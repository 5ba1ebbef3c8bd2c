import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { callContext, send } from '../../fixtures/requests.ts';
import { PacedAgent } from '../agent/paced-agent.ts';
import { FakeFleet, type FakeMember } from '../fakes/fake-fleet.ts';
import { heldBytes } from '../fakes/held-bytes.ts';
import { quantile } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const PUSH = { allowHttp: true, allowPrivateAddresses: true };
const SINGLE_EVENTS = 200;
const SINGLE_GAP_MS = 20;
const BURST = 2_000;
const CONFIGS = 1_000;
const SLOW_EVENTS = 10_000;
const MEGABYTE = 1024 * 1024;

/** Measures push notifications: their latency, their calls to DynamoDB, and their memory. */
export async function pushes(): Promise<Row[]> {
  const group = 'Push notifications, on one instance';
  const latencies = await latency();
  const idle = await idleCalls();
  const calls = ((await burstCalls(true)) - (await burstCalls(false))) / BURST;
  const waiting = (await memory(CONFIGS, 0, true)) - (await memory(CONFIGS, 0, false));
  const slow = (await memory(1, SLOW_EVENTS, true)) - (await memory(1, SLOW_EVENTS, false));
  return [
    {
      group,
      label: 'from the durable event to the webhook, median',
      value: quantile(latencies, 0.5),
      unit: 'ms',
      target: TARGETS.pushMs,
    },
    {
      group,
      label: '99 of 100 within',
      value: quantile(latencies, 0.99),
      unit: 'ms',
      detail: true,
    },
    {
      group,
      label: 'calls to AWS for a task with a configuration that waits for its client',
      value: idle,
      unit: 'calls',
      target: TARGETS.idlePushCalls,
    },
    {
      group,
      label: `calls to DynamoDB for an event, ${BURST.toLocaleString('en-US')} in a burst`,
      value: calls,
      unit: 'calls',
      target: TARGETS.pushCalls,
    },
    {
      group,
      label: `held for ${CONFIGS.toLocaleString('en-US')} configurations whose receivers fail`,
      value: waiting / MEGABYTE,
      unit: 'MB',
      target: TARGETS.pushMemory,
    },
    {
      group,
      label: `held for ${SLOW_EVENTS.toLocaleString('en-US')} events that wait for one receiver`,
      value: slow / MEGABYTE,
      unit: 'MB',
      target: TARGETS.slowPushMemory,
    },
  ];
}

type Answer = (body: string, response: ServerResponse) => void;

const accept: Answer = (_, response) => void response.writeHead(204).end();
const fail: Answer = (_, response) => void response.writeHead(503).end();

/** Resolves with the milliseconds from an event's arrival at a local reader to that at its webhook. */
async function latency(): Promise<number[]> {
  const pause = (): Promise<void> => sleep(SINGLE_GAP_MS);
  let count = 0;
  const text = (): string => `event-${count++}`;
  const read = new Map<string, number>();
  const pushed = new Map<string, number>();
  const answer: Answer = (body, response) => {
    const [event = ''] = /event-\d+/.exec(body) ?? [];
    pushed.set(event, performance.now());
    accept(body, response);
  };
  await withTask({ chunks: SINGLE_EVENTS, pause, text }, true, answer, async (member, id) => {
    for await (const { payload } of member.handler.resubscribe({ tenant: '', id }, callContext())) {
      if (payload?.$case !== 'artifactUpdate') continue;
      const content = payload.value.artifact?.parts[0]?.content;
      if (content?.$case === 'text') read.set(content.value, performance.now());
    }
    while (pushed.size < SINGLE_EVENTS) await sleep(10);
  });
  return [...read].map(([event, at]) => Math.max(0, (pushed.get(event) ?? at) - at));
}

/** Resolves with the calls of a minute in which a task with a configuration waits for its agent. */
async function idleCalls(): Promise<number> {
  const pace = { chunks: 1, pause: async () => {} };
  let calls = 0;
  await withTask(pace, true, accept, async (member, id, fleet) => {
    for await (const _ of member.handler.resubscribe({ tenant: '', id }, callContext()));
    await sleep(1_500);
    const before = fleet.aws.meter.total('dynamodb').calls;
    await sleep(3_000);
    calls = fleet.aws.meter.total('dynamodb').calls - before;
  });
  return calls;
}

/** Resolves with the calls to DynamoDB of one burst, until everything is delivered. */
async function burstCalls(pushes: boolean): Promise<number> {
  let accepted = 0;
  const answer: Answer = (body, response) => {
    accepted += 1;
    accept(body, response);
  };
  let calls = 0;
  const pace = { chunks: BURST, pause: async () => {} };
  await withTask(pace, pushes, answer, async (member, id, fleet) => {
    const before = fleet.aws.meter.total('dynamodb').calls;
    for await (const _ of member.handler.resubscribe({ tenant: '', id }, callContext()));
    while (pushes && accepted < BURST) await sleep(10);
    await sleep(1_000);
    calls = fleet.aws.meter.total('dynamodb').calls - before;
  });
  return calls;
}

/** Resolves with the bytes that are held once tasks with this many events have ended. */
async function memory(tasks: number, chunks: number, pushes: boolean): Promise<number> {
  const pace = { chunks, pause: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  let held = 0;
  await withTasks(tasks, pace, pushes, fail, async (member) => {
    while (member.backend.stats().runs > 0) await sleep(50);
    await sleep(1_000);
    held = heldBytes();
  });
  return held;
}

type Pace = ConstructorParameters<typeof PacedAgent>[0];

function withTask(
  pace: Pace,
  pushes: boolean,
  answer: Answer,
  work: (member: FakeMember, id: string, fleet: FakeFleet) => Promise<void>,
): Promise<void> {
  return withTasks(1, pace, pushes, answer, (member, [id = ''], fleet) => work(member, id, fleet));
}

async function withTasks(
  count: number,
  pace: Pace,
  pushes: boolean,
  answer: Answer,
  work: (member: FakeMember, ids: string[], fleet: FakeFleet) => Promise<void>,
): Promise<void> {
  const receiver = await listen(answer);
  const { port } = receiver.address() as AddressInfo;
  const lease = { beatMs: 3_600_000, leaseMs: 4 * 3_600_000, quarantineMs: 60_000 };
  const fleet = new FakeFleet({ push: PUSH, lease });
  const agent = new PacedAgent(pace);
  const member = await fleet.join('A', agent);
  const url = `http://127.0.0.1:${port}/`;
  const options = { returnImmediately: true, ...(pushes ? { pushUrl: url } : {}) };
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const task = await member.handler.sendMessage(send('Begin.', options), callContext());
    ids.push('id' in task ? task.id : '');
  }
  const working = work(member, ids, fleet);
  await sleep(100);
  agent.go();
  await working;
  await fleet.stop();
  receiver.closeAllConnections();
  receiver.close();
}

async function listen(answer: Answer): Promise<Server> {
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    answer(Buffer.concat(chunks).toString(), response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
