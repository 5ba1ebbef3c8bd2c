import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { Task, TaskArtifactUpdateEvent, TaskState } from '@a2a-js/sdk';
import {
  EventConsumer,
  type EventQueue,
  type QueuedEvent,
  QueueShutDown,
  SnsQueueManager,
  type TaskEvent,
  type TaskKey,
} from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, failure, soon } from './fixtures/eventually.ts';

const timeout = 90_000;
const SCOPE = { tenant: 'tenant', owner: 'ann' };
let aws: LocalAws;
let view: AwsView;
let a: SnsQueueManager;
let b: SnsQueueManager;
let tasks = 0;

async function start(instanceId: string): Promise<SnsQueueManager> {
  const manager = new SnsQueueManager({ ...aws, instanceId });
  await manager.start();
  return manager;
}

beforeAll(async () => {
  aws = await startLocalAws();
  view = new AwsView(aws, SCOPE);
  [a, b] = await Promise.all([start('A'), start('B')]);
}, timeout);

afterAll(async () => {
  await Promise.all([a.stop({ drainMs: 200 }), b.stop({ drainMs: 200 })]);
  view.stop();
  await aws.stop();
}, timeout);

const fresh = (): TaskKey => ({ ...SCOPE, taskId: `task-${tasks++}` });

const task = ({ taskId }: TaskKey, state: TaskState): TaskEvent => ({
  kind: 'task',
  data: {
    ...Task.fromJSON({ id: taskId, contextId: 'context-1' }),
    status: { state, message: undefined, timestamp: undefined },
  },
});

const working = (key: TaskKey): TaskEvent => task(key, TaskState.TASK_STATE_WORKING);
const completed = (key: TaskKey): TaskEvent => task(key, TaskState.TASK_STATE_COMPLETED);

const chunk = ({ taskId }: TaskKey, text: string): TaskEvent => ({
  kind: 'artifactUpdate',
  data: TaskArtifactUpdateEvent.fromJSON({
    taskId,
    contextId: 'context-1',
    artifact: { artifactId: 'out', parts: [{ text }] },
    append: true,
  }),
});

const opened = (tap: EventQueue | undefined): EventQueue => {
  if (!tap) throw new Error('The log does not know the task.');
  return tap;
};

async function takeAll(events: AsyncIterable<QueuedEvent>): Promise<(number | undefined)[]> {
  const taken: (number | undefined)[] = [];
  for await (const { generation } of events) taken.push(generation);
  return taken;
}

test('[I1] [I3] a task is tapped on any instance: live, after an event, from its start', {
  timeout,
}, async () => {
  const key = fresh();
  expect(await b.tap(key)).toBeUndefined();
  const queue = await a.createOrTap(key);
  expect(await queue.enqueueEvent(working(key))).toBe(1);
  const live = opened(await b.tap(key));
  for (let n = 0; n < 5; n += 1) expect(await queue.enqueueEvent(chunk(key, `${n}`))).toBe(n + 2);
  const taps = [
    await queue.tap({ after: 0 }),
    await b.tap(key, { after: 0, maxQueueSize: 1 }),
    await b.tap(key, { after: 4 }),
  ].map(opened);
  const read = [live, ...taps].map(takeAll);
  const consumed = takeAll(new EventConsumer(await queue.tap()).consumeAll());
  await queue.enqueueEvent(completed(key));
  expect(await soon('all readers', Promise.all(read))).toEqual([
    [2, 3, 4, 5, 6, 7],
    [1, 2, 3, 4, 5, 6, 7],
    [1, 2, 3, 4, 5, 6, 7],
    [5, 6, 7],
  ]);
  expect(await soon('the consumer', consumed)).toEqual([7]);
  await a.close(key);
  await eventually('no watch', async () => (await view.watchers(key.taskId)).length === 0);
});

test('[I6] closing the queue on A ends the tap on B that waits, and adds no FAILED', {
  timeout,
}, async () => {
  const key = fresh();
  const queue = await a.createOrTap(key);
  await queue.enqueueEvent(working(key));
  const tap = opened(await b.tap(key));
  const waiting = tap.dequeueEvent();
  await a.close(key);
  expect(await failure('the waiting tap', waiting)).toBeInstanceOf(QueueShutDown);
  const kinds = (await view.log(key.taskId)).flatMap(({ entries }) => entries.map((e) => e.kind));
  expect(kinds).toEqual(['start', 'event', 'end']);
});

test('[I3] after a restart the log has taps again, and a consumer continues where it stopped', {
  timeout,
}, async () => {
  const key = fresh();
  const first = await start('C');
  const queue = await first.createOrTap(key);
  await queue.enqueueEvent(working(key));
  for (let n = 0; n < 4; n += 1) await queue.enqueueEvent(chunk(key, `${n}`));
  const reader = await queue.tap({ consumer: 'audit' });
  for (let n = 0; n < 4; n += 1) await reader.dequeueEvent();
  for (let n = 0; n < 3; n += 1) reader.taskDone();
  await reader.close({ immediate: true });
  await queue.enqueueEvent(completed(key));
  await first.stop({ drainMs: 1_000 });

  const second = await start('C');
  const tap = opened(await second.tap(key, { consumer: 'audit' }));
  expect(await takeAll(tap)).toEqual([4, 5, 6]);
  await tap.close();
  expect(await takeAll(opened(await b.tap(key, { consumer: 'audit' })))).toEqual([]);
  expect(await takeAll(opened(await second.tap(key, { after: 0 })))).toEqual([1, 2, 3, 4, 5, 6]);
  await second.stop({ drainMs: 200 });
});

test('[I9] another owner or tenant has no such task', { timeout }, async () => {
  const key = fresh();
  await (await a.createOrTap(key)).enqueueEvent(completed(key));
  expect(await b.tap({ ...key, owner: 'bob' })).toBeUndefined();
  expect(await b.tap({ ...key, tenant: 'other' })).toBeUndefined();
});
