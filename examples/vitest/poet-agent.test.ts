import { randomUUID } from 'node:crypto';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { SendMessageRequest, type StreamResponse, TaskState } from '@a2a-js/sdk';
import { type A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { type Backend, createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from '../agent.ts';
import { executor } from './poet-agent.ts';

let aws: LocalAws;
let backends: Backend[];
/** Two instances of the agent, as a load balancer would choose between them. */
let a: A2ARequestHandler;
let b: A2ARequestHandler;

beforeAll(async () => {
  aws = await startLocalAws();
  const { tableName, topicArn, clientConfig } = aws;
  backends = ['a', 'b'].map((instanceId) =>
    createBackend({ tableName, topicArn, clientConfig, instanceId, logLevel: 'warn' }),
  );
  await Promise.all(backends.map((backend) => backend.start()));
  const [onA, onB] = backends.map((backend) => backend.requestHandler(agentCard({}), executor));
  if (!onA || !onB) throw new Error('There are two instances.');
  [a, b] = [onA, onB];
});

afterAll(async () => {
  await Promise.all(backends.map((backend) => backend.stop()));
  await aws.stop();
});

test('The poem is complete, in order, and the same on every instance.', async () => {
  const stream = a.sendMessageStream(saying('5'), new ServerCallContext());
  const id = await taskIdOf(stream);
  for await (const _ of stream); // until the task has ended

  const task = await b.getTask({ tenant: '', id }, new ServerCallContext());
  expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
  const verses = task.artifacts[0]?.parts.map(({ content }) => content?.value);
  expect(verses).toEqual([1, 2, 3, 4, 5].map((verse) => `Verse ${verse}\n`));
});

test('The poet stops when the other instance cancels the task.', async () => {
  const stream = a.sendMessageStream(saying('100000'), new ServerCallContext());
  const id = await taskIdOf(stream);

  const request = { tenant: '', id, metadata: undefined };
  const task = await b.cancelTask(request, new ServerCallContext());
  expect(task.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
  for await (const _ of stream); // ends, or the test does not
});

function saying(text: string): SendMessageRequest {
  return SendMessageRequest.fromJSON({
    message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }] },
  });
}

/** Reads the first event, which is the task. */
async function taskIdOf(stream: AsyncGenerator<StreamResponse>): Promise<string> {
  const { value } = await stream.next();
  if (value?.payload?.$case !== 'task') throw new Error('The stream does not begin with the task.');
  return value.payload.value.id;
}
