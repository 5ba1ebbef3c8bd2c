import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { Task, TaskPushNotificationConfig, TaskState } from '@a2a-js/sdk';
import type { A2ARequestHandler, PushNotificationSender } from '@a2a-js/sdk/server';
import { type Backend, type BackendOptions, createBackend, type TaskEvent } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { eventually } from './fixtures/eventually.ts';
import { callContext } from './fixtures/requests.ts';

const timeout = 60_000;
const pushed: string[] = [];
let aws: LocalAws;
let receiver: Server;
let url: string;
const backends: Backend[] = [];

async function start(instanceId: string, options: BackendOptions = {}): Promise<Backend> {
  const push = { allowHttp: true, allowPrivateAddresses: true };
  const backend = createBackend({ ...aws, instanceId, push, ...options });
  backends.push(backend);
  await backend.start();
  return backend;
}

beforeAll(async () => {
  aws = await startLocalAws();
  receiver = createServer(async (request: IncomingMessage, response) => {
    pushed.push(await text(request));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
}, timeout);

afterAll(async () => {
  await Promise.all(backends.map((backend) => backend.stop({ drainMs: 200 })));
  receiver.closeAllConnections();
  receiver.close();
  await aws.stop();
}, timeout);

const statusOf = (taskId: string, state: TaskState): TaskEvent => ({
  kind: 'task',
  data: {
    ...Task.fromJSON({ id: taskId, contextId: 'context' }),
    status: { state, message: undefined, timestamp: undefined },
  },
});

/** Creates a configuration of the task. */
async function create(handler: A2ARequestHandler, taskId: string): Promise<void> {
  await handler.createTaskPushNotificationConfig(
    TaskPushNotificationConfig.fromJSON({ taskId, id: 'config', url }),
    callContext('user'),
  );
}

test('[I6] a process with queues only delivers the events that it appends', {
  timeout,
}, async () => {
  const taskId = 'task-of-a-queue';
  const worker = await start('worker');
  const server = await start('server');
  const handler = server.requestHandler(agentCard('http://localhost'), {
    execute: async () => {},
    cancelTask: async () => {},
  });
  const queue = await worker.queues().createOrTap({ tenant: '', owner: 'user', taskId });
  await queue.enqueueEvent(statusOf(taskId, TaskState.TASK_STATE_WORKING));
  await create(handler, taskId);
  // No other process is left to deliver.
  await server.stop();

  await queue.enqueueEvent(statusOf(taskId, TaskState.TASK_STATE_COMPLETED));

  await eventually('the push', () => pushed.length > 0);
  expect(pushed.map((body) => JSON.parse(body).task?.status.state)).toEqual([
    'TASK_STATE_COMPLETED',
  ]);
});

test('a process with queues only posts nothing in a fleet with a sender', { timeout }, async () => {
  pushed.length = 0;
  const taskId = 'task-of-a-sender';
  const sent: (string | undefined)[] = [];
  const pushNotificationSender: PushNotificationSender = {
    send: async (event) => {
      const { payload } = event;
      sent.push(payload?.$case);
    },
  };
  const prefix = 'senders';
  const worker = await start('worker', { prefix });
  const server = await start('server', { prefix });
  const executor = { execute: async () => {}, cancelTask: async () => {} };
  const handler = server.requestHandler(agentCard('http://localhost'), executor, {
    pushNotificationSender,
  });
  const queue = await worker.queues().createOrTap({ tenant: '', owner: 'user', taskId });
  await queue.enqueueEvent(statusOf(taskId, TaskState.TASK_STATE_WORKING));
  await create(handler, taskId);
  await queue.enqueueEvent(statusOf(taskId, TaskState.TASK_STATE_COMPLETED));
  await worker.stop({ drainMs: 1_000 });

  await eventually('the call of the sender', () => sent.length > 0);
  expect(sent).toEqual(['task']);
  expect(pushed).toEqual([]);
});
