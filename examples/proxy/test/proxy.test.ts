import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Interruption, resumable } from '@a2a-aws/client';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { Message, type SendMessageRequest, type StreamResponse, TaskState } from '@a2a-js/sdk';
import { type Client, ClientFactory } from '@a2a-js/sdk/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverPort, startServer, stopServers } from '../servers.ts';

const timeout = 90_000;
const SOURCES = { NODE_OPTIONS: '--conditions=@a2a-aws/source --import=tsx' };
let aws: LocalAws;
let agent: Client;
let port: number;
let startProxy: () => Promise<ChildProcess>;

beforeAll(async () => {
  aws = await startLocalAws();
  const agentPort = serverPort();
  port = serverPort();
  const AGENT_URL = `http://127.0.0.1:${agentPort}`;
  const env = { ...aws.env, ...SOURCES, AGENT_URL };
  await startServer('agent-server.ts', agentPort, env);
  startProxy = () => startServer('proxy-server.ts', port, env);
  agent = await new ClientFactory().createFromUrl(AGENT_URL);
}, timeout);

afterAll(async () => {
  await stopServers();
  await aws.stop();
}, timeout);

function proxyClient(): Promise<Client> {
  return new ClientFactory().createFromUrl(`http://127.0.0.1:${port}`);
}

function asks(text: string): SendMessageRequest {
  const message = Message.fromJSON({ role: 'ROLE_USER', parts: [{ text }] });
  return { tenant: '', message, configuration: undefined, metadata: undefined };
}

/** The chunks and the last state of a stream. */
async function read(
  events: AsyncIterable<StreamResponse>,
  onChunk: (count: number, taskId: string) => void,
): Promise<{ chunks: string[]; state: TaskState | undefined }> {
  const chunks: string[] = [];
  let state: TaskState | undefined;
  for await (const { payload } of events) {
    if (payload?.$case === 'statusUpdate') state = payload.value.status?.state;
    if (payload?.$case !== 'artifactUpdate') continue;
    const content = payload.value.artifact?.parts[0]?.content;
    if (content?.$case === 'text') chunks.push(content.value);
    onChunk(chunks.length, payload.value.taskId);
  }
  return { chunks, state };
}

/** The states of all tasks of the agent. */
async function agentStates(): Promise<(TaskState | undefined)[]> {
  const status = TaskState.TASK_STATE_UNSPECIFIED;
  const list = {
    tenant: '',
    contextId: '',
    pageToken: '',
    status,
    statusTimestampAfter: undefined,
  };
  const { tasks } = await agent.listTasks(list);
  return tasks.map((task) => task.status?.state);
}

test('A proxy that stops hands its tasks to another, and cancels nothing at the agent.', {
  timeout,
}, async () => {
  const proxy = await startProxy();
  const interruptions: Interruption[] = [];
  const onInterruption = (one: Interruption): void => void interruptions.push(one);
  const client = resumable(await proxyClient(), { onInterruption });
  // So many that the proxy stops before the last one, even if a process pauses meanwhile.
  const reading = read(client.sendMessageStream(asks('80 chunks, 50 ms apart')), (count) => {
    if (count === 5) proxy.kill('SIGTERM');
  });
  await once(proxy, 'exit');
  await startProxy();
  const { chunks, state } = await reading;
  expect(chunks).toEqual(Array.from({ length: 80 }, (_, i) => `chunk ${i}`));
  expect(state).toBe(TaskState.TASK_STATE_COMPLETED);
  expect(interruptions.length).toBeGreaterThan(0);
  expect(await agentStates()).toEqual([TaskState.TASK_STATE_COMPLETED]);
});

test('A cancel reaches the agent, and the end of its task the client.', { timeout }, async () => {
  const client = await proxyClient();
  let canceling: Promise<unknown> | undefined;
  const events = resumable(client).sendMessageStream(asks('1000 chunks, 50 ms apart'));
  const { chunks, state } = await read(events, (_, id) => {
    canceling ??= client.cancelTask({ tenant: '', id, metadata: undefined });
  });
  expect(state).toBe(TaskState.TASK_STATE_CANCELED);
  expect(chunks.length).toBeLessThan(1000);
  expect(await canceling).toMatchObject({ status: { state: TaskState.TASK_STATE_CANCELED } });
  const { TASK_STATE_CANCELED: canceled, TASK_STATE_COMPLETED: completed } = TaskState;
  expect((await agentStates()).sort()).toEqual([completed, canceled].sort());
});
