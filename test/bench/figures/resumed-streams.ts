import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@a2a-aws/core';
import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import type { LocalAws } from '@a2a-aws/local';
import type { StreamResponse } from '@a2a-js/sdk';
import { type A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { type Backend, createBackend, RESUMABLE_STREAMS } from 'a2a-aws';
import express from 'express';
import { agentCard } from '../../fixtures/agent-card.ts';
import { callContext, send } from '../../fixtures/requests.ts';
import { DirectedAgent, type DirectedTask } from '../agent/directed-agent.ts';
import { RoundTripMeter } from '../meter/round-trip-meter.ts';
import type { InstanceServer } from '../process/instance-server.ts';
import { ProcessLink } from '../process/process-link.ts';
import type { ResumingClients } from '../process/resuming-clients.ts';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';
import { TARGETS } from '../targets.ts';

const FLEET = 'a2a';
const CLIENTS = 1_000;
const TASKS = 50;
const MISSED = 200;
const POLLS = 200;
const WARM_UP = 20;

/** An instance with an agent that the benchmark directs. */
interface Peer {
  readonly backend: Backend;
  readonly handler: A2ARequestHandler;
  readonly meter: RoundTripMeter;
  begin(): Promise<DirectedTask>;
}

/** Measures clients that resume their streams, and the long poll. */
export async function resumedStreams(aws: LocalAws): Promise<Row[]> {
  const writer = await startPeer(aws);
  const reader = await startPeer(aws);
  try {
    return [
      ...(await firstMissed(writer, reader)),
      ...(await missedBytes(writer, reader)),
      ...(await reconnects(aws, writer)),
      ...(await longPoll(writer, reader)),
    ];
  } finally {
    await Promise.all([writer.backend.stop(), reader.backend.stop()]);
  }
}

async function startPeer(aws: LocalAws): Promise<Peer> {
  const { tableName, topicArn, clientConfig } = aws;
  const { region, credentials, dynamodb } = clientConfig;
  const client = createDynamoDBClient({ region, credentials, ...dynamodb });
  const meter = new RoundTripMeter();
  meter.attach(client);
  const backend = createBackend({
    tableName,
    topicArn,
    clientConfig,
    clients: { dynamodb: client },
    logger: silentLogger,
  });
  await backend.start();
  let begun = (_: DirectedTask): void => {};
  const agent = new DirectedAgent((task) => begun(task));
  const handler = backend.requestHandler(agentCard('http://127.0.0.1'), agent);
  return {
    backend,
    handler,
    meter,
    begin: () =>
      new Promise((resolve) => {
        begun = resolve;
        void handler.sendMessage(send('Begin.'), callContext());
      }),
  };
}

/** Returns the cursor of the Task at the beginning of a subscription. */
async function cursorOf({ handler }: Peer, id: string): Promise<string> {
  const stream = handler.resubscribe({ tenant: '', id }, contextOf());
  const { value } = await stream.next();
  await stream.return();
  return String((value as StreamResponse).payload?.value.metadata?.[`${RESUMABLE_STREAMS}/cursor`]);
}

function contextOf(cursor?: string): ServerCallContext {
  const headers = cursor === undefined ? {} : { 'last-event-id': cursor };
  return new ServerCallContext({
    requestedVersion: '1.0',
    requestedExtensions: [RESUMABLE_STREAMS],
    state: new Map([['headers', headers]]),
  });
}

async function firstMissed(writer: Peer, reader: Peer): Promise<Row[]> {
  const task = await writer.begin();
  await task.publish(1);
  const cursor = await cursorOf(writer, task.taskId);
  await task.publish(MISSED);
  const before = { calls: reader.meter.calls, roundTrips: reader.meter.roundTrips };
  const began = performance.now();
  const stream = reader.handler.resubscribe({ tenant: '', id: task.taskId }, contextOf(cursor));
  await stream.next();
  const took = performance.now() - began;
  const roundTrips = reader.meter.roundTrips - before.roundTrips;
  await stream.return();
  task.complete();
  const group = `The first of ${MISSED} missed events, on an instance that never served the task`;
  return [
    {
      group,
      label: 'calls to DynamoDB that wait for one another',
      value: roundTrips,
      unit: '',
      target: TARGETS.firstMissedCalls,
    },
    { group, label: 'time', value: took, unit: 'ms' },
  ];
}

/** Compares the bytes of a resumed stream with those of the same events on a stream that was not cut off. */
async function missedBytes(writer: Peer, reader: Peer): Promise<Row[]> {
  const task = await writer.begin();
  const server = await serve(reader);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/tasks/${task.taskId}:subscribe`;
  const live = await EventBytes.open(url);
  await live.read(1);
  const { cursor } = live;
  await task.publish(MISSED);
  const whole = await live.read(MISSED);
  const resumed = await EventBytes.open(url, cursor);
  const missed = await resumed.read(MISSED);
  for (const stream of [live, resumed]) stream.close();
  task.complete();
  server.closeAllConnections();
  server.close();
  return [
    {
      group: `Bytes of ${MISSED} missed events`,
      label: 'resumed stream ÷ stream that was not cut off',
      value: missed / whole,
      unit: '×',
      target: TARGETS.missedBytes,
    },
  ];
}

/** An event stream over HTTP, of which the bytes are counted. */
class EventBytes {
  /** The id of the last event. */
  cursor = '';
  readonly #events: AsyncIterator<string>;
  readonly #abort: AbortController;

  private constructor(response: Response, abort: AbortController) {
    this.#events = blocks(response);
    this.#abort = abort;
  }

  static async open(url: string, cursor?: string): Promise<EventBytes> {
    const abort = new AbortController();
    const resumes = cursor === undefined ? {} : { 'Last-Event-ID': cursor };
    const headers = { 'A2A-Version': '1.0', ...resumes };
    return new EventBytes(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  /** Returns the bytes of the next `count` events. */
  async read(count: number): Promise<number> {
    let bytes = 0;
    for (let left = count; left > 0; ) {
      const { value = '', done } = await this.#events.next();
      if (done) throw new Error('The stream has ended.');
      if (!value.includes('data: ')) continue;
      this.cursor = /^id: (.*)$/m.exec(value)?.[1] ?? '';
      bytes += value.length;
      left -= 1;
    }
    return bytes;
  }

  close(): void {
    this.#abort.abort();
  }
}

async function* blocks({ body }: Response): AsyncGenerator<string, void, undefined> {
  let text = '';
  const decoder = new TextDecoder('latin1');
  for await (const part of body ?? []) {
    text += decoder.decode(part as Uint8Array);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end + 2);
      text = text.slice(end + 2);
    }
  }
}

async function reconnects(aws: LocalAws, writer: Peer): Promise<Row[]> {
  const tasks: DirectedTask[] = [];
  while (tasks.length < TASKS) tasks.push(await writer.begin());
  const cursors = await Promise.all(tasks.map(({ taskId }) => cursorOf(writer, taskId)));
  for (const task of tasks) await task.publish(MISSED);
  const instance = new ProcessLink<InstanceServer>('./instance-process.ts', aws.env);
  const clients = new ProcessLink<ResumingClients>('./resuming-clients-process.ts', {});
  const { remote: reader } = instance;
  await reader.start(FLEET, 'reader', false);
  const url = await reader.serve();
  const [held, before] = [await reader.held(), await reader.memory()];
  const streams = Array.from({ length: CLIENTS }, (_, at) => ({
    url: `${url}/tasks/${tasks[at % TASKS]?.taskId}:subscribe`,
    cursor: cursors[at % TASKS] ?? '',
  }));
  const cpuBefore = await reader.cpuMs();
  const took = await clients.remote.catchUp(streams, MISSED);
  const cpuMs = (await reader.cpuMs()) - cpuBefore;
  const { peak } = await reader.memory();
  await clients.remote.leave();
  const after = await reader.held();
  for (const task of tasks) task.complete();
  await reader.stop();
  await Promise.all([instance.close(), clients.close()]);
  const group = `${CLIENTS} clients that reconnect at once to one instance, each ${MISSED} events behind`;
  return [
    {
      group,
      label: 'until all have caught up, clients in another process',
      value: took / 1_000,
      unit: 's',
      target: TARGETS.reconnectSeconds,
    },
    { group, label: 'CPU of the instance', value: cpuMs / 1_000, unit: 's' },
    {
      group,
      label: 'memory of the instance at its peak',
      value: (peak - before.now) / 1e6,
      unit: 'MB more',
    },
    { group, label: 'memory held afterwards', value: (after - held) / 1e6, unit: 'MB more' },
  ];
}

async function serve({ backend, handler }: Peer): Promise<Server> {
  const app = express();
  app.use(backend.express());
  app.use(restHandler({ requestHandler: handler, userBuilder: UserBuilder.noAuthentication }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function longPoll(writer: Peer, reader: Peer): Promise<Row[]> {
  const task = await writer.begin();
  const { taskId: id } = task;
  const taps = reader.handler.resubscribe({ tenant: '', id }, contextOf());
  await taps.next();
  const ages = { tap: [] as number[], poll: [] as number[] };
  let generation = 1;
  for (let at = 0; at < POLLS + WARM_UP; at += 1) {
    const state = new Map([['headers', { 'a2a-current-generation': `${generation}` }]]);
    const context = new ServerCallContext({
      requestedVersion: '1.0',
      requestedExtensions: [RESUMABLE_STREAMS],
      state,
    });
    const polled = reader.handler.getTask({ tenant: '', id }, context);
    // The poll has registered by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    const arrived = [
      taps.next().then(() => performance.now() - began),
      polled.then(() => performance.now() - began),
    ];
    await task.publish(1);
    const [tap = 0, poll = 0] = await Promise.all(arrived);
    generation += 1;
    if (at < WARM_UP) continue;
    ages.tap.push(tap);
    ages.poll.push(poll);
  }
  await taps.return();
  task.complete();
  const group = `From a publish on A to a client of B, ${POLLS} samples each`;
  const [tap, poll] = [median(ages.tap), median(ages.poll)];
  return [
    { group, label: 'p50, event of a stream', value: tap, unit: 'ms' },
    { group, label: 'p50, answer of a long poll', value: poll, unit: 'ms' },
    { group, label: 'p50, ratio', value: poll / tap, unit: '×', target: TARGETS.longPoll },
  ];
}
