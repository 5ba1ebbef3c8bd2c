import { type Cluster, type LocalAws, startCluster, startLocalAws } from '@a2a-aws/local';
import { type StreamResponse, TaskState } from '@a2a-js/sdk';
import { type Client, ClientFactory } from '@a2a-js/sdk/client';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cancel, get, send } from '../fixtures/requests.ts';

let aws: LocalAws;
let cluster: Cluster;
let a: Client;
let b: Client;

beforeAll(async () => {
  aws = await startLocalAws({ endpoint: process.env.AWS_ENDPOINT_URL ?? '' });
  const executor = new URL('../fixtures/counting-agent.ts', import.meta.url);
  // LocalStack is slow, and a slow beat is no death.
  const lease = { beatMs: 1_000, leaseMs: 10_000 };
  cluster = await startCluster({ instances: 2, executor, aws, lease });
  [a, b] = (await Promise.all(
    cluster.instances.map(({ url }) => new ClientFactory().createFromUrl(url)),
  )) as [Client, Client];
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  await aws?.stop();
}, 60_000);

/** The chunks of a stream, whether they came in the task or one by one, and its last state. */
async function read(
  stream: AsyncIterable<StreamResponse>,
): Promise<{ chunks: string[]; state: TaskState | undefined }> {
  const chunks: string[] = [];
  let state: TaskState | undefined;
  for await (const { payload } of stream) {
    const artifacts =
      payload?.$case === 'task'
        ? payload.value.artifacts
        : payload?.$case === 'artifactUpdate' && payload.value.artifact
          ? [payload.value.artifact]
          : [];
    for (const { content } of artifacts.flatMap(({ parts }) => parts)) {
      if (content?.$case === 'text') chunks.push(content.value);
    }
    if (payload?.$case === 'task' || payload?.$case === 'statusUpdate') {
      state = payload.value.status?.state;
    }
  }
  return { chunks, state };
}

/** Sends to A; the task's id as soon as A says it, and the stream from there. */
async function start(upTo: number): Promise<{ id: string; rest: ReturnType<typeof read> }> {
  const stream = a.sendMessageStream(send(`${upTo} chunks, 50 ms apart`));
  const { value: first } = await stream.next();
  const id = first?.payload?.$case === 'task' ? first.payload.value.id : '';
  return { id, rest: read(stream) };
}

test('[I1] [I2] [I3] a task on A is seen from B, every chunk once and in order', async () => {
  const { id, rest } = await start(30);
  const onB = await read(b.resubscribeTask(get(id)));
  const all = Array.from({ length: 30 }, (_, n) => String(n));
  expect(onB).toEqual({ chunks: all, state: TaskState.TASK_STATE_COMPLETED });
  expect((await rest).chunks).toEqual(all);
}, 60_000);

test('[I4] a cancel on B stops a run on A', async () => {
  const { id, rest } = await start(1_000);
  const task = await b.cancelTask(cancel(id));
  expect(task.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
  expect((await rest).state).toBe(TaskState.TASK_STATE_CANCELED);
}, 60_000);

test('[I7] a clean end leaves no queue', async () => {
  await cluster.stop();
  const { region, credentials, sqs } = aws.clientConfig;
  const client = new SQSClient({ region, credentials, ...sqs });
  const { QueueUrls = [] } = await client.send(new ListQueuesCommand({}));
  client.destroy();
  // Other suites may have run on the same LocalStack, under prefixes of their own.
  expect(QueueUrls.filter((url) => url.includes('/a2a-'))).toEqual([]);
}, 60_000);
