import type { Client } from '@a2a-js/sdk/client';
import { TaskNotCancelableError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gate, pause, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import type { Turn } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, type TaskPicture } from './fixtures/task-picture.ts';

const timeout = 90_000;
const ROUNDS = 16;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start({ cancelDeadlineMs: 500 });
}, timeout);
afterAll(() => fleet.stop(), timeout);

const ends: Record<string, (turn: Turn) => void> = {
  'an executor that completes whatever is asked': (turn) => turn.status('COMPLETED', 'agent'),
  'an executor that ends in several ways at once': (turn) => {
    turn.status('COMPLETED', 'agent');
    turn.status('FAILED', 'agent');
    turn.status('CANCELED', 'agent');
  },
  'an executor that throws': () => {
    throw new Error('Thrown on purpose.');
  },
};

/** The outcome of a cancel: the task in the answer, or that the task had ended. */
async function outcome(call: Promise<Parameters<typeof pictureOf>[0]>): Promise<unknown> {
  try {
    return pictureOf(await soon('cancel', call));
  } catch (error) {
    if (error instanceof TaskNotCancelableError) return 'not cancelable';
    throw error;
  }
}

/** A task on A, with a reader on A and one on B, that completes when the gate opens. */
async function startTask() {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.status('COMPLETED', 'agent');
  });
  const [a, b, c] = await clients();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();
  return { id, gate, readers: [sender, subscriber], sender, b, c };
}

async function clients(): Promise<[Client, Client, Client]> {
  return Promise.all([fleet.a.client(), fleet.b.client(), fleet.c.client()]);
}

/** Everybody's last word on a task, which must be one and the same. */
async function agreedEnd(id: string, readers: readonly StreamReader[]): Promise<TaskPicture> {
  await Promise.all(readers.map((reader) => reader.end()));
  const tasks = await Promise.all((await clients()).map((client) => client.getTask(get(id))));
  const [end] = tasks.map(pictureOf);
  if (!end) throw new Error('No end.');
  for (const task of tasks) expect(task).toEqual(tasks[0]);
  for (const reader of readers) expect(reader.picture).toEqual(end);
  return end;
}

test('[I2] [I4] a completion that is held up on its way loses to a cancel that is not', {
  timeout,
}, async () => {
  const { id, gate, readers, b } = await startTask();

  fleet.a.dynamodb.silence();
  gate.open();
  const canceled = await soon('cancel', b.cancelTask(cancel(id)));
  fleet.a.dynamodb.open();

  const end = await agreedEnd(id, readers);
  expect(end.state).toBe('CANCELED');
  expect(pictureOf(canceled)).toEqual(end);
});

test('[I4] cancels that are held up on their way lose to a completion that is not', {
  timeout,
}, async () => {
  const { id, gate, readers, sender, b, c } = await startTask();

  for (const node of [fleet.b, fleet.c]) node.dynamodb.silence();
  const outcomes = [b, c].map((client) => outcome(client.cancelTask(cancel(id))));
  gate.open();
  await sender.end();
  for (const node of [fleet.b, fleet.c]) node.dynamodb.open();

  expect((await agreedEnd(id, readers)).state).toBe('COMPLETED');
  expect(await Promise.all(outcomes)).toEqual(['not cancelable', 'not cancelable']);
});

test.each(Object.keys(ends))(
  '[I4] %s against cancels from B and C: one end, all agree',
  {
    timeout,
  },
  async (name) => {
    const [a, b, c] = await clients();

    const round = async (i: number): Promise<string> => {
      const gate = new Gate();
      const text = fleet.script(async (turn) => {
        turn.task();
        turn.artifact('out', 'text');
        await gate.opened;
        ends[name]?.(turn);
      });
      const sender = new StreamReader(a.sendMessageStream(send(text)));
      const id = await sender.taskId();
      const subscriber = new StreamReader(b.resubscribeTask(get(id)));
      await subscriber.taskId();

      // From "the executor is first" to "the cancels are".
      const cancels = [b, c].map((client) => outcome(client.cancelTask(cancel(id))));
      await pause(i * 2);
      gate.open();
      const outcomes = await Promise.all(cancels);
      const end = await agreedEnd(id, [sender, subscriber]);
      const told = end.state === 'CANCELED' ? end : 'not cancelable';
      expect(outcomes).toEqual([told, told]);
      return end.state;
    };

    const states = await Promise.all(Array.from({ length: ROUNDS }, (_, i) => round(i)));

    expect(states.every((state) => ['COMPLETED', 'CANCELED', 'FAILED'].includes(state))).toBe(true);
  },
);
