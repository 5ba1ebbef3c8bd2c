import { randomUUID } from 'node:crypto';
import type { Task } from '@a2a-js/sdk';
import { createBackend } from 'a2a-aws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentCard } from './fixtures/agent-card.ts';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import { Fleet, SHORT_LEASE } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { ScriptedAgent, Scripts, type Turn } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 120_000;
let fleet: Fleet;
let view: AwsView;

beforeAll(async () => {
  fleet = await Fleet.start({ lease: SHORT_LEASE }, { onOrphan: 'resume' });
  view = new AwsView(fleet.aws);
}, timeout);

afterAll(async () => {
  view.stop();
  await fleet.stop();
}, timeout);

test('[I6] [I10] the run of an instance that is lost is executed again on another', {
  timeout,
}, async () => {
  const gate = new Gate();
  const turns: Turn[] = [];
  const text = fleet.script(async (turn) => {
    turns.push(turn);
    if (turn.run.attempt === 1) {
      turn.task();
      turn.artifact('out', 'first');
      await gate.opened;
      turn.status('COMPLETED', 'too late');
      return;
    }
    turn.artifact('again', `attempt ${turn.run.attempt}`);
    turn.status('COMPLETED', `done by ${turn.node}`);
  });
  const messageId = randomUUID();
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text, { messageId })));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.until('the artifact', ({ artifacts }) => artifacts.out?.length === 1);

  const dead = fleet.a.backend.stats().instance;
  fleet.a.isolate();
  await subscriber.end();
  const retried = (await soon(
    'the same message',
    b.sendMessage(send(text, { messageId })),
  )) as Task;
  gate.open();
  fleet.a.rejoin();

  const task = await b.getTask(get(id));
  expect(pictureOf(task)).toMatchObject({
    id,
    state: 'COMPLETED',
    artifacts: { out: ['first'], again: ['attempt 2'] },
  });
  expect(textOf(task.status?.message)).toMatch(/^done by [BC]$/);
  expect(subscriber.picture).toEqual(pictureOf(task));
  expect(retried).toEqual(task);
  expect(task.history.filter((message) => message.messageId === messageId)).toHaveLength(1);
  const [, again] = turns;
  expect(turns).toHaveLength(2);
  expect(again?.request.userMessage.messageId).toBe(messageId);
  expect(again?.request.task?.artifacts).toHaveLength(1);
  expect(again?.request.context.user?.userName).toBe('ann');
  expect(again?.request.context.state.get('headers')).toBeUndefined();
  await eventually('the first to be done', () => fleet.a.agent.finished.includes(id));
  expect(await b.getTask(get(id))).toEqual(task);
  await Promise.allSettled([sender.end()]);
  await eventually('another life', () => {
    const { instance } = fleet.a.backend.stats();
    return instance !== dead && fleet.a.backend.health().ready;
  });
  await eventually('no runs', () => fleet.nodes.every(({ backend }) => backend.stats().runs === 0));
});

test('an executor learns by its signal of a cancel on another instance', { timeout }, async () => {
  const text = fleet.script(async (turn) => {
    turn.task();
    const { signal } = turn.run;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    turn.status('CANCELED', 'stopped');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const { id } = (await a.sendMessage(send(text, { returnImmediately: true }))) as Task;
  const task = (await soon('cancel', b.cancelTask(cancel(id)))) as Task;
  expect(pictureOf(task)).toMatchObject({ state: 'CANCELED', text: 'stopped' });
  await eventually('to be told', () => fleet.a.agent.canceled.includes(id));
  expect(fleet.a.agent.canceled.filter((canceled) => canceled === id)).toHaveLength(1);
});

test('the signal of an executor that ends its task stays quiet', { timeout }, async () => {
  const aborted: boolean[] = [];
  const text = fleet.script(async (turn) => {
    turn.task('COMPLETED');
    await turn.run.flush();
    aborted.push(turn.run.signal.aborted);
  });
  const a = await fleet.a.client();
  await a.sendMessage(send(text));
  await eventually('the end', () => aborted.length === 1);
  expect(aborted).toEqual([false]);
});

test('[I2] published events are in the log once flush has resolved', { timeout }, async () => {
  let seen = 0;
  const text = fleet.script(async (turn) => {
    turn.task();
    turn.chunks('out', 0, 20);
    await turn.run.flush();
    const entries = (await view.log(turn.taskId)).flatMap((record) => record.entries);
    seen = entries.filter(({ kind }) => kind === 'event').length;
    turn.status('COMPLETED');
  });
  const a = await fleet.a.client();
  const task = (await a.sendMessage(send(text))) as Task;
  expect(stateName(task.status?.state)).toBe('COMPLETED');
  expect(seen).toBe(21);
});

test('[I4] flush rejects if the log did not take the events', { timeout }, async () => {
  const outcomes: unknown[] = [];
  const text = fleet.script(async (turn) => {
    turn.task('COMPLETED');
    turn.artifact('late', 'x');
    await turn.run.flush().catch((error: { code?: unknown }) => outcomes.push(error.code));
  });
  const a = await fleet.a.client();
  await a.sendMessage(send(text));
  await eventually('the outcome', () => outcomes.length > 0);
  expect(outcomes).toEqual(['sealed']);
});

test('a backend takes one handler that resumes', async () => {
  const { tableName, topicArn, clientConfig } = fleet.aws;
  const backend = createBackend({ tableName, topicArn, clientConfig });
  const agent = new ScriptedAgent('X', new Scripts());
  const card = agentCard('http://127.0.0.1');
  backend.requestHandler(card, agent);
  backend.requestHandler(card, agent, { onOrphan: 'resume' });
  const second = Promise.resolve().then(() =>
    backend.requestHandler(card, agent, { onOrphan: 'resume' }),
  );
  expect(await failure('a second', second)).toMatchObject({ code: 'configuration' });
});
