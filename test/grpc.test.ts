import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { A2AService, grpcService, UserBuilder } from '@a2a-js/sdk/server/grpc';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { type Backend, createBackend, RESUMABLE_STREAMS } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { AwsView } from './fixtures/aws-view.ts';
import { clientOf } from './fixtures/clients.ts';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import { CALM_OVERLOAD } from './fixtures/fleet.ts';
import { CallbackLibrary } from './fixtures/foreign-context.ts';
import { readForeign } from './fixtures/foreign-reader.ts';
import { RecordedLogger } from './fixtures/recorded-logger.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, pictureOfFrames, stateName } from './fixtures/task-picture.ts';

const timeout = 60_000;
const scripts = new Scripts();
let aws: LocalAws;
let backend: Backend;
let server: Server;
let client: Client;
const library = new CallbackLibrary('first');
/** How many frames the SDK's service has taken from the backend. */
let pulled = 0;

beforeAll(async () => {
  aws = await startLocalAws();
  const { tableName, topicArn, clientConfig } = aws;
  const overload = CALM_OVERLOAD;
  const logger = new RecordedLogger();
  backend = createBackend({ tableName, topicArn, clientConfig, logger, overload });
  await backend.start();
  server = new Server();
  const agent = new ScriptedAgent('A', scripts);
  const requestHandler = backend.requestHandler(agentCard('http://127.0.0.1'), agent);
  const service = grpcService({ requestHandler, userBuilder: UserBuilder.noAuthentication });
  const { subscribeToTask } = service;
  service.subscribeToTask = (call) => {
    const write = call.write.bind(call);
    call.write = (...args: Parameters<typeof write>) => {
      pulled += 1;
      return write(...args);
    };
    subscribeToTask(call);
  };
  const { sendStreamingMessage } = service;
  // Each call continues in the context of the first one.
  service.sendStreamingMessage = (call) => library.call(() => sendStreamingMessage(call));
  server.addService(A2AService, backend.grpc(service));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  client = await clientOf(`127.0.0.1:${port}`, 'GRPC');
}, timeout);

afterAll(async () => {
  server.forceShutdown();
  await backend.stop({ drainMs: 0 });
  await aws.stop();
}, timeout);

test('[I7] [I10] a gRPC client that leaves removes its taps and watches, and stops no task', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = scripts.add(async (turn) => {
    turn.task();
    await gate.opened;
    turn.status('COMPLETED', 'done');
  });
  const view = new AwsView(aws, { tenant: '', owner: 'unknown' });
  const leaving = new AbortController();
  const { signal } = leaving;
  const sender = new StreamReader(client.sendMessageStream(send(text), { signal }));
  const id = await sender.taskId();
  const subscriber = new StreamReader(client.resubscribeTask(get(id), { signal }));
  await subscriber.taskId();
  const blocking = client.sendMessage(send(text), { signal });
  await eventually('both runs', () => backend.stats().runs === 2);
  await eventually('a tap for each', () => backend.stats().taps === 3);
  expect(await view.watchers(id)).toHaveLength(1);

  leaving.abort();
  for (const left of [sender.end(), subscriber.end(), blocking]) await failure('the left', left);

  await eventually('no tap', () => backend.stats().taps === 0);
  await eventually('no watch', async () => (await view.watchers(id)).length === 0);
  expect(backend.stats().runs).toBe(2);
  gate.open();
  await eventually('the end of the runs', () => backend.stats().runs === 0);
  expect(stateName((await client.getTask(get(id))).status?.state)).toBe('COMPLETED');
  view.stop();
});

test('[I3] a gRPC client of the extension resumes at each of its cursors', {
  timeout,
}, async () => {
  const text = scripts.add((turn) => {
    turn.task();
    turn.artifact('out', 'one');
    turn.status('WORKING', 'half');
    turn.status('COMPLETED');
  });
  const serviceParameters = { 'A2A-Extensions': RESUMABLE_STREAMS };
  const sender = new StreamReader(client.sendMessageStream(send(text), { serviceParameters }));
  const all = await sender.end();
  const id = await sender.taskId();
  for (const [at, { payload }] of all.entries()) {
    const cursor: unknown = payload?.value.metadata?.[`${RESUMABLE_STREAMS}/cursor`];
    const resuming = { ...serviceParameters, 'last-event-id': String(cursor) };
    const resumed = new StreamReader(
      client.resubscribeTask(get(id), { serviceParameters: resuming }),
    );
    expect(await resumed.end()).toEqual(all.slice(at + 1));
  }
  const refused = client.resubscribeTask(get(id), { serviceParameters: { 'last-event-id': 'x' } });
  const error = await failure('the stream', new StreamReader(refused).end());
  expect(error.message).toMatch(/malformed/);
});

test('[I9] [I10] a gRPC client that leaves ends its own stream alone', { timeout }, async () => {
  const gate = new Gate();
  const text = scripts.add(async (turn) => {
    turn.task();
    await gate.opened;
    turn.chunks('out', 0, 40);
    turn.status('COMPLETED', 'done');
  });
  const leaving = new AbortController();
  const left = new StreamReader(client.sendMessageStream(send(text), { signal: leaving.signal }));
  await left.taskId();
  const kept = new StreamReader(client.sendMessageStream(send(text)));
  await kept.taskId();

  leaving.abort();
  await failure('the left', left.end());
  await eventually('its tap is gone', () => backend.stats().taps === 1);
  gate.open();

  await kept.end();
  expect(kept.picture?.artifacts.out).toHaveLength(40);
  await eventually('no tap is left', () => backend.stats().taps === 0);
});

test('[I8] a stuck gRPC reader is given little, and holds up neither the executor nor others', {
  timeout,
}, async () => {
  const CHUNKS = 200;
  const gate = new Gate();
  const text = scripts.add(async (turn) => {
    turn.task();
    await gate.opened;
    turn.chunks('out', 0, CHUNKS, (i) => `${i}:${'x'.repeat(100_000)}`);
    turn.status('COMPLETED', 'done');
  });
  const sender = new StreamReader(client.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const stuck = client.resubscribeTask(get(id))[Symbol.asyncIterator]();
  const frames: StreamResponse[] = [];
  const read = async (): Promise<boolean> => {
    const { value, done } = await stuck.next();
    if (!done) frames.push(value);
    return !done;
  };
  await read();
  pulled = 0;
  gate.open();

  await sender.end();
  await eventually('the end of the run', () => backend.stats().runs === 0);

  expect(sender.picture?.state).toBe('COMPLETED');
  await expect.poll(() => backend.stats().taps).toBe(1);
  expect(pulled).toBeGreaterThan(0);
  expect(pulled).toBeLessThan(CHUNKS / 2);
  // Once it reads on it gets everything, from the log.
  while (await soon('the next frame', read()));
  expect(pictureOfFrames(frames)).toEqual(sender.picture);
  await eventually('no tap', () => backend.stats().taps === 0);
});

test('[I3] over gRPC a follow-up begins with its run, and has one Task', { timeout }, async () => {
  const asks = scripts.add((turn) => turn.task('INPUT_REQUIRED'));
  const { id: taskId } = (await client.sendMessage(send(asks))) as Task;
  const replies = scripts.add((turn) => {
    turn.status('WORKING', 'on it');
    turn.task('WORKING');
    turn.status('COMPLETED', 'done');
  });
  const reader = await readForeign(client.sendMessageStream(send(replies, { taskId })));
  expect(reader.states).toEqual(['WORKING', 'WORKING', 'COMPLETED']);
  const silent = new Gate();
  const { id: other } = (await client.sendMessage(send(asks))) as Task;
  const works = scripts.add(async (turn) => {
    await silent.opened;
    turn.status('WORKING', 'on it');
  });
  const sent = client.sendMessage(send(works, { taskId: other, returnImmediately: true }));
  await eventually('the run', () => backend.stats().runs === 1);
  silent.open();
  expect(pictureOf((await sent) as Task)).toMatchObject({ state: 'WORKING', text: 'on it' });
});

test('[I3] [I6] over gRPC a draining instance is UNAVAILABLE, and its runs end in peace', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = scripts.add(async (turn) => {
    turn.task();
    turn.artifact('out', 'text');
    await gate.opened;
    turn.status('COMPLETED', 'done');
  });
  const sender = new StreamReader(client.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(client.resubscribeTask(get(id)));
  await subscriber.taskId();

  // The other has no run: its stream is not over when the instance goes.
  const asks = scripts.add((turn) => turn.task('INPUT_REQUIRED'));
  const resting = (await client.sendMessage(send(asks))) as Task;
  const waiting = new StreamReader(client.resubscribeTask(get(resting.id)));
  await waiting.taskId();

  const stopped = backend.suspend({ drainMs: 20_000 });
  const refusals = Object.entries({
    SendMessage: client.sendMessage(send(text)),
    SendStreamingMessage: new StreamReader(client.sendMessageStream(send(text))).end(),
    SubscribeToTask: new StreamReader(client.resubscribeTask(get(id))).end(),
    CancelTask: client.cancelTask(cancel(id)),
  });
  const refused = await Promise.all(refusals.map(([method, call]) => failure(method, call)));
  gate.open();
  await Promise.all([sender.end(), subscriber.end(), stopped]);

  for (const [at, [method]] of refusals.entries()) {
    expect(refused[at]?.message, method).toMatch(/Try again/);
    expect(statusOf(refused[at]), method).toBe(status.UNAVAILABLE);
  }
  const interrupted = await failure('the stream of the other', waiting.end());
  expect(interrupted.message).toMatch(/Try again/);
  expect(statusOf(interrupted)).toBe(status.UNAVAILABLE);
  expect(waiting.names).toEqual(['task:INPUT_REQUIRED']);
  expect(sender.picture).toMatchObject({ state: 'COMPLETED', text: 'done' });
  expect(subscriber.picture).toEqual(sender.picture);
  expect(pictureOf(await client.getTask(get(id)))).toEqual(sender.picture);
});

/** Returns the error of the call, however the client wraps it. */
function statusOf(error: unknown): unknown {
  const { status, code, cause } = error as { status?: unknown; code?: unknown; cause?: unknown };
  return status ?? (typeof code === 'number' ? code : cause && statusOf(cause));
}
