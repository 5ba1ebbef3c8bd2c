import { randomUUID } from 'node:crypto';
import type { Task } from '@a2a-js/sdk';
import { UnsupportedOperationError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS } from './fixtures/a2a-node.ts';
import { eventually, failure, Gate, pause, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 60_000;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

/** A user's messages in a task's history, each by its id. */
function userMessages(task: Task): string[] {
  return task.history.filter(({ role }) => role === 1).map(({ messageId }) => messageId);
}

test('[I1] [I6] INPUT_REQUIRED ends the streams; the follow-up runs on another instance', {
  timeout,
}, async () => {
  const gate = new Gate();
  const question = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.status('INPUT_REQUIRED', 'which?');
  });
  const reply = fleet.script((turn) => {
    turn.artifact(
      'out',
      turn.request.task?.status?.message ? 'knows the question' : 'knows nothing',
    );
    turn.status('COMPLETED', 'done');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const c = await fleet.c.client();
  const sender = new StreamReader(a.sendMessageStream(send(question)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(c.resubscribeTask(get(id)));
  await subscriber.taskId();
  gate.open();

  await Promise.all([sender.end(), subscriber.end()]);
  expect(sender.picture).toMatchObject({ state: 'INPUT_REQUIRED', text: 'which?' });
  expect(subscriber.picture).toEqual(sender.picture);
  // No run is open: a new subscriber waits for the next one.
  const waiting = new StreamReader(c.resubscribeTask(get(id)));
  await waiting.taskId();
  const answer = (await soon('follow-up', b.sendMessage(send(reply, { taskId: id })))) as Task;
  await waiting.end();

  expect(fleet.b.agent.started).toContain(id);
  expect(pictureOf(answer)).toEqual({
    id,
    state: 'COMPLETED',
    text: 'done',
    artifacts: { out: ['knows the question'] },
  });
  expect(waiting.picture).toEqual(pictureOf(answer));
  expect(await a.getTask(get(id))).toEqual(answer);
  expect(userMessages(answer)).toHaveLength(2);
  expect(answer.history.map((message) => textOf(message)).slice(1)).toEqual([
    'which?',
    reply,
    'done',
  ]);
});

test('[I10] AUTH_REQUIRED answers a blocking send at once; the streams go on', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    turn.status('AUTH_REQUIRED', 'log in');
    await gate.opened;
    turn.status('WORKING');
    turn.status('COMPLETED', 'done');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();

  const answer = (await soon('send', a.sendMessage(send(text)))) as Task;
  expect(pictureOf(answer)).toMatchObject({ state: 'AUTH_REQUIRED', text: 'log in' });
  gate.open();
  await Promise.all([sender.end(), subscriber.end()]);

  expect(sender.picture).toMatchObject({ state: 'COMPLETED', text: 'done' });
  expect(subscriber.picture).toEqual(sender.picture);
  await eventually('the end of the first', async () => {
    const task = await b.getTask(get(answer.id));
    return stateName(task.status?.state) === 'COMPLETED';
  });
});

test('[I1] [I4] a second message to a running task runs on B; both are applied, each once', {
  timeout,
}, async () => {
  const second = new Gate();
  const end = new Gate();
  const first = fleet.script(async (turn) => {
    turn.task();
    turn.chunks('first', 0, 2);
    await second.opened;
    turn.chunks('first', 2, 4);
    await end.opened;
    turn.status('COMPLETED', 'done');
  });
  const more = fleet.script(async (turn) => {
    turn.chunks('second', 0, 3);
    second.open();
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(first)));
  const id = await sender.taskId();

  const answer = (await soon('second', b.sendMessage(send(more, { taskId: id })))) as Task;
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.until('all chunks', ({ artifacts }) => artifacts.first?.length === 4);
  end.open();
  await Promise.all([sender.end(), subscriber.end()]);

  // The second run is over, the task is not.
  expect(stateName(answer.status?.state)).toBe('WORKING');
  expect(pictureOf(answer).artifacts.second).toEqual(['0', '1', '2']);
  const task = await b.getTask(get(id));
  expect(pictureOf(task)).toEqual({
    id,
    state: 'COMPLETED',
    text: 'done',
    artifacts: { first: ['0', '1', '2', '3'], second: ['0', '1', '2'] },
  });
  expect(sender.picture).toEqual(pictureOf(task));
  expect(subscriber.picture).toEqual(pictureOf(task));
  expect(userMessages(task)).toHaveLength(2);
  expect(new Set(userMessages(task)).size).toBe(2);
});

test('[I1] of simultaneous follow-ups on all instances none is lost, none applied twice', {
  timeout,
}, async () => {
  const asks = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
  const says = fleet.script(async (turn) => {
    turn.artifact(turn.request.userMessage.messageId, 'heard');
    turn.status('INPUT_REQUIRED', 'and?');
  });
  const clients = await Promise.all(fleet.nodes.map((node) => node.client()));
  const [a] = clients;

  const round = async (): Promise<void> => {
    const first = (await soon('first', (a ?? fail()).sendMessage(send(asks)))) as Task;
    const followUps = Array.from({ length: 15 }, (_, n) => {
      const client = clients[n % clients.length] ?? fail();
      const message = send(says, { taskId: first.id, messageId: randomUUID() });
      return { id: message.message?.messageId ?? '', sent: client.sendMessage(message) };
    });
    await Promise.all(followUps.map(({ sent }) => soon('follow-up', sent)));

    const tasks = await Promise.all(clients.map((client) => client.getTask(get(first.id))));
    for (const task of tasks) {
      expect(task).toEqual(tasks[0]);
      expect(userMessages(task).slice(1).sort()).toEqual(followUps.map(({ id }) => id).sort());
      expect(task.artifacts.map(({ artifactId }) => artifactId).sort()).toEqual(
        followUps.map(({ id }) => id).sort(),
      );
    }
  };
  await Promise.all(Array.from({ length: 5 }, round));

  await eventually('all to be left', () =>
    fleet.nodes.every(({ backend }) => {
      const { runs, taps, openLogs } = backend.stats();
      return runs + taps + openLogs === 0;
    }),
  );
});

test('a message to a task that has ended is refused', { timeout }, async () => {
  const text = fleet.script((turn) => turn.task('COMPLETED'));
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const { id } = (await a.sendMessage(send(text))) as Task;

  const blocking = await failure('send', b.sendMessage(send(text, { taskId: id })));
  const stream = new StreamReader(b.sendMessageStream(send(text, { taskId: id })));

  expect(blocking).toBeInstanceOf(UnsupportedOperationError);
  expect(await failure('stream', stream.end())).toBeInstanceOf(UnsupportedOperationError);
});

describe.each(ROUTERS)('the same message again, over %s', (router) => {
  const chunked = (): string =>
    fleet.script(async (turn) => {
      turn.task();
      turn.chunks('out', 0, 3);
      // So that the first run is certainly open when the second message arrives.
      await pause(300);
      turn.status('COMPLETED', `done by ${turn.node}`);
    });
  const runsOf = (id: string): number =>
    fleet.nodes.flatMap(({ agent }) => agent.started).filter((started) => started === id).length;

  test('[I4] sent at once to all instances it is run once, with one answer', {
    timeout,
  }, async () => {
    const message = send(chunked(), { messageId: randomUUID() });
    const clients = await Promise.all(fleet.nodes.map((node) => node.client(router)));
    const [a] = clients;
    const streams = clients.map((client) => new StreamReader(client.sendMessageStream(message)));

    const answers = await Promise.all(
      [...clients, ...clients].map((client) => soon('send', client.sendMessage(message))),
    );
    await Promise.all(streams.map((stream) => stream.end()));
    const late = await soon('late send', (a ?? fail()).sendMessage(message));

    const [answer] = answers as Task[];
    const id = answer?.id ?? '';
    expect(stateName(answer?.status?.state)).toBe('COMPLETED');
    for (const other of [...answers, late]) expect(other).toEqual(answer);
    for (const stream of streams) expect(stream.picture).toEqual(pictureOf(answer as Task));
    expect(runsOf(id)).toBe(1);
    expect(userMessages(answer as Task)).toEqual([message.message?.messageId]);
  });

  test('a message answered by a message has the same answer again, on B', {
    timeout,
  }, async () => {
    let runs = 0;
    const message = send(
      fleet.script((turn) => {
        runs += 1;
        turn.message(`run ${runs}`);
      }),
    );
    const a = await fleet.a.client(router);
    const b = await fleet.b.client(router);

    const answer = await soon('send', a.sendMessage(message));

    expect(await soon('again', b.sendMessage(message))).toEqual(answer);
    const stream = new StreamReader(b.sendMessageStream(message));
    expect(await stream.end()).toHaveLength(1);
    expect(stream.names).toEqual(['message:run 1']);
  });

  test('a follow-up under a known message id, with other content, is another message', {
    timeout,
  }, async () => {
    const messageId = randomUUID();
    const asks = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
    const asksAgain = fleet.script((turn) => turn.status('INPUT_REQUIRED'));
    const a = await fleet.a.client(router);
    const b = await fleet.b.client(router);
    const { id: taskId } = (await a.sendMessage(send(asks))) as Task;
    const followUp = send(asksAgain, { taskId, messageId });
    const answer = (await soon('follow-up', a.sendMessage(followUp))) as Task;

    const other = send(asks, { taskId, messageId });
    const task = (await soon('other', b.sendMessage(other))) as Task;

    expect(runsOf(taskId)).toBe(3);
    expect(userMessages(task).slice(1)).toEqual([messageId, messageId]);
    expect(task.history.map((message) => textOf(message))).toEqual([asks, asksAgain, asks]);
    expect(await soon('again', b.sendMessage(followUp))).toEqual(answer);
    expect(runsOf(taskId)).toBe(3);
  });
});

function fail(): never {
  throw new Error('A value is missing.');
}
