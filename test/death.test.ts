import type { Task } from '@a2a-js/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsView } from './fixtures/aws-view.ts';
import { eventually, Gate, pause, soon } from './fixtures/eventually.ts';
import { Fleet, SHORT_LEASE } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf } from './fixtures/task-picture.ts';

const timeout = 120_000;
const LOST = 'The instance that worked on the task was lost.';
let fleet: Fleet;
let view: AwsView;

beforeAll(async () => {
  fleet = await Fleet.start({ lease: SHORT_LEASE });
  view = new AwsView(fleet.aws);
}, timeout);

afterAll(async () => {
  view.stop();
  await fleet.stop();
}, timeout);

/** The instance has learned of its death, and lives again under another id. */
async function reborn(index: number, before: string): Promise<string> {
  const node = fleet.nodes[index];
  await eventually('another life', () => {
    const { instance } = node?.backend.stats() ?? {};
    return instance !== before && node?.backend.health().ready;
  });
  return node?.backend.stats().instance ?? '';
}

test('[I5] [I6] [I7] an instance that hangs: its task fails, its queue is removed, and it is fenced when it continues', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    turn.chunks('out', 0, 3);
    await gate.opened;
    turn.chunks('out', 3, 6);
    turn.status('COMPLETED', 'as if nothing had happened');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const c = await fleet.c.client();
  const dead = fleet.a.backend.stats().instance;
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const waiting = a.sendMessage(send(text));
  waiting.catch(() => {});
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.until('chunks', ({ artifacts }) => artifacts.out?.length === 3);
  // Its own watch, on a task that runs elsewhere.
  const elsewhere = (await c.sendMessage(
    send(
      fleet.script(async (turn) => {
        turn.task();
        await turn.untilCanceled();
      }),
      { returnImmediately: true },
    ),
  )) as Task;
  const watcher = new StreamReader(a.resubscribeTask(get(elsewhere.id)));
  await watcher.taskId();
  expect((await view.watchers(elsewhere.id)).map(({ instance }) => instance)).toContain(dead);

  fleet.a.isolate();
  gate.open();
  await subscriber.end();

  expect(subscriber.picture).toEqual({
    id,
    state: 'FAILED',
    text: LOST,
    artifacts: { out: ['0', '1', '2'] },
  });
  const task = await b.getTask(get(id));
  expect(pictureOf(task)).toEqual(subscriber.picture);
  expect(await c.getTask(get(id))).toEqual(task);
  await eventually('its queue and its subscription to go', async () =>
    (await view.reach()).every((name) => !name.includes(dead)),
  );
  await eventually('its rows to go', async () => {
    const { leases, runs, watches } = await view.rowsOf(dead);
    return leases + runs + watches === 0;
  });
  expect((await view.watchers(elsewhere.id)).map(({ instance }) => instance)).not.toContain(dead);
  const log = await view.log(id);

  fleet.a.rejoin();
  const living = await reborn(0, dead);
  await Promise.allSettled([sender, watcher].map((reader) => soon('end', reader.end())));
  await soon(
    'the blocking send of the dead',
    waiting.catch(() => {}),
  );

  // Its writes under way, and the events that its executor publishes now, entered no log.
  await eventually('the executor to be done', () => fleet.a.agent.finished.includes(id));
  await pause(2 * SHORT_LEASE.beatMs);
  expect(await view.log(id)).toEqual(log);
  const fence = log.findIndex(({ entries }) => entries.some(({ kind }) => kind === 'fence'));
  expect(fence).toBeGreaterThan(0);
  expect(log.slice(fence).map(({ instance }) => instance)).not.toContain(dead);
  expect(await a.getTask(get(id))).toEqual(task);
  await eventually('no runs of the dead', () => fleet.a.backend.stats().runs === 0);
  const answer = (await soon(
    'send',
    a.sendMessage(send(fleet.script((turn) => turn.task('COMPLETED')))),
  )) as Task;
  expect((await view.log(answer.id)).map(({ instance }) => instance)).toContain(living);
  expect(await b.getTask(get(answer.id))).toEqual(answer);
});

test.each([
  ['falls silent', () => fleet.a.isolate()],
  ['loses DynamoDB alone', () => fleet.a.dynamodb.shut()],
] as const)(
  '[I5] an instance %s and dies: its executor is stopped, even if it publishes nothing',
  {
    timeout,
  },
  async (_, cutOff) => {
    const text = fleet.script(async (turn) => {
      turn.task();
      await turn.untilCanceled();
    });
    const b = await fleet.b.client();
    const a = await fleet.a.client();
    const dead = fleet.a.backend.stats().instance;
    const { id } = (await a.sendMessage(send(text, { returnImmediately: true }))) as Task;

    cutOff();
    await eventually('the end of the task', async () => {
      return pictureOf(await b.getTask(get(id))).state === 'FAILED';
    });
    fleet.a.rejoin();
    await reborn(0, dead);

    await eventually('the cancel', () => fleet.a.agent.canceled.includes(id));
  },
);

test('[I6] a stream and a blocking send on an instance that has died end', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
  });
  const a = await fleet.a.client();
  const dead = fleet.a.backend.stats().instance;
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const blocking = a.sendMessage(send(text)).then(
    (task) => pictureOf(task as Task).state,
    (error: Error) => error.message,
  );
  const subscriber = new StreamReader(a.resubscribeTask(get(id)));
  await subscriber.taskId();

  fleet.a.isolate();
  await eventually('its death', async () => (await view.lease(dead))?.state !== 'alive');
  fleet.a.rejoin();
  await reborn(0, dead);

  await Promise.allSettled([sender.end(), subscriber.end()]).then((ends) => {
    // Cut or ended: the client may subscribe again elsewhere; but never open forever.
    for (const end of ends) expect(String('reason' in end ? end.reason : '')).not.toMatch(/Hangs/);
  });
  expect(await soon('the blocking send', blocking)).toMatch(/^(FAILED|The server cannot take .*)$/);
  gate.open();
});

test('[I5] a pause shorter than the lease changes nothing', { timeout }, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.chunks('out', 0, 3);
    turn.status('COMPLETED', 'done');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const before = fleet.a.backend.stats().instance;
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();

  fleet.a.isolate();
  gate.open();
  await pause(SHORT_LEASE.leaseMs / 4);
  fleet.a.rejoin();
  await Promise.all([sender.end(), subscriber.end()]);

  expect(sender.picture).toMatchObject({ state: 'COMPLETED', artifacts: { out: ['0', '1', '2'] } });
  expect(subscriber.picture).toEqual(sender.picture);
  expect(fleet.a.backend.stats().instance).toBe(before);
});
