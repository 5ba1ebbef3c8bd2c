import type { Message, Task } from '@a2a-js/sdk';
import { TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { captureOutput } from './fixtures/captured-output.ts';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import {
  BRIEF,
  ENDED,
  type ExecutorCase,
  HUGE,
  LASTING,
  SECRET,
} from './fixtures/executor-cases.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 60_000;

let fleet: Fleet;
let output: ReturnType<typeof captureOutput>;

beforeAll(async () => {
  output = captureOutput();
  fleet = await Fleet.start({ cancelDeadlineMs: 1_000 });
}, timeout);

afterAll(async () => {
  await fleet.stop();
  vi.restoreAllMocks();
}, timeout);

function expected({ state, text = '', artifacts = {} }: ExecutorCase) {
  return { state, text, artifacts };
}

function expectNoSecret(...said: unknown[]): void {
  expect(JSON.stringify(said)).not.toContain(SECRET);
  expect(fleet.log).not.toContain(SECRET);
  expect(output.text()).not.toContain(SECRET);
}

/** Both instances answer alike, and take no more subscribers. */
async function expectEnd(id: string, picture: unknown): Promise<void> {
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const onA = await a.getTask(get(id));
  expect(pictureOf(onA)).toEqual(picture);
  expect(await b.getTask(get(id))).toEqual(onA);
  expect(onA.history.filter(({ role }) => role === 1)).toHaveLength(1);
  const late = new StreamReader(b.resubscribeTask(get(id)));
  expect(await failure('subscribe', late.end())).toBeInstanceOf(UnsupportedOperationError);
}

describe.each(LASTING)('an executor: $name', (one) => {
  test('[I1] [I2] [I4] blocking sender, streaming sender, subscriber on B agree', {
    timeout,
  }, async () => {
    const gate = new Gate();
    const text = fleet.script((turn) => one.act(turn, gate.opened));
    const a = await fleet.a.client();
    const b = await fleet.b.client();

    const sender = new StreamReader(a.sendMessageStream(send(text)));
    const id = await sender.taskId();
    const blocking = a.sendMessage(send(text)) as Promise<Task>;
    const subscriber = new StreamReader(b.resubscribeTask(get(id)));
    await subscriber.taskId();
    gate.open();
    const answer = await soon('blocking send', blocking);
    await Promise.all([sender.end(), subscriber.end()]);

    expect(pictureOf(answer)).toEqual({ id: answer.id, ...expected(one) });
    expect(sender.picture).toEqual({ id, ...expected(one) });
    expect(subscriber.picture).toEqual(sender.picture);
    // Late events must change nothing.
    await eventually('the executors to return', () =>
      [id, answer.id].every((ended) => fleet.a.agent.finished.includes(ended)),
    );
    await expectEnd(id, { id, ...expected(one) });
    await expectEnd(answer.id, { id: answer.id, ...expected(one) });
    expectNoSecret(sender.frames, subscriber.frames, answer);
  });
});

describe.each(BRIEF)('an executor: $name', (one) => {
  test('[I1] [I2] [I4] blocking and streaming sender agree', { timeout }, async () => {
    const text = fleet.script((turn) => one.act(turn, Promise.resolve()));
    const a = await fleet.a.client();

    const sender = new StreamReader(a.sendMessageStream(send(text)));
    const answer = (await soon('send', a.sendMessage(send(text)))) as Task;
    await sender.end();
    const id = await sender.taskId();

    expect(pictureOf(answer)).toEqual({ id: answer.id, ...expected(one) });
    expect(sender.picture).toEqual({ id, ...expected(one) });
    await expectEnd(id, { id, ...expected(one) });
    await expectEnd(answer.id, { id: answer.id, ...expected(one) });
    expectNoSecret(sender.frames, answer);
  });
});

test('an executor that answers with a message leaves no task', { timeout }, async () => {
  const ids: string[] = [];
  const text = fleet.script((turn) => {
    ids.push(turn.taskId);
    turn.message('hello');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();

  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const answer = (await soon('send', a.sendMessage(send(text)))) as Message;
  await sender.end();

  expect(textOf(answer)).toBe('hello');
  expect(sender.names).toEqual(['message:hello']);
  for (const id of ids) {
    for (const client of [a, b]) {
      for (const call of [
        () => client.getTask(get(id)),
        () => client.cancelTask(cancel(id)),
        () => new StreamReader(client.resubscribeTask(get(id))).end(),
      ]) {
        expect(await failure('call', call())).toBeInstanceOf(TaskNotFoundError);
      }
    }
  }
});

test('[I9] an event for another task reaches no log', { timeout }, async () => {
  const text = fleet.script((turn) => {
    turn.task('COMPLETED', `${turn.taskId}-other`);
    turn.task('COMPLETED');
  });
  const a = await fleet.a.client();

  const { id } = (await soon('send', a.sendMessage(send(text)))) as Task;

  const error = await failure('get', a.getTask(get(`${id}-other`)));
  expect(error).toBeInstanceOf(TaskNotFoundError);
});

test('[I4] [I6] an executor that never returns is canceled from B', { timeout }, async () => {
  const text = fleet.script(async (turn) => {
    turn.task();
    await turn.untilCanceled();
    throw new Error(SECRET);
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();

  const canceled = await soon('cancel', b.cancelTask(cancel(id)));
  await Promise.all([sender.end(), subscriber.end()]);

  expect(stateName(canceled.status?.state)).toBe('CANCELED');
  expect(sender.picture).toEqual(pictureOf(canceled));
  expect(subscriber.picture).toEqual(pictureOf(canceled));
  expect(fleet.b.agent.canceled).not.toContain(id);
  expectNoSecret(sender.frames, subscriber.frames, canceled);
});

test('[I4] [I6] an executor that ignores the cancel is overruled at the deadline', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    await gate.opened;
    turn.status('COMPLETED', 'too late');
  });
  const a = await fleet.a.client();
  const b = await fleet.b.client();
  const before = fleet.a.agent.started.length;
  const blocking = a.sendMessage(send(text)) as Promise<Task>;
  const sender = new StreamReader(a.sendMessageStream(send(text)));
  const id = await sender.taskId();
  const blockingId = await eventually('the other run', () =>
    fleet.a.agent.started.slice(before).find((started) => started !== id),
  );

  const canceled = await Promise.all([
    soon('cancel', b.cancelTask(cancel(id))),
    soon('cancel', b.cancelTask(cancel(blockingId))),
  ]);
  await sender.end();
  const answer = await soon('blocking send', blocking);
  gate.open();

  expect(canceled.map((task) => stateName(task.status?.state))).toEqual(['CANCELED', 'CANCELED']);
  expect(sender.picture).toEqual(pictureOf(canceled[0]));
  expect(answer).toEqual(canceled[1]);
  await eventually('the executor to return', () => fleet.a.agent.finished.includes(id));
  await expectEnd(id, pictureOf(canceled[0]));
});

test('[I4] events that an executor publishes after it returned enter no log', {
  timeout,
}, async () => {
  const gate = new Gate();
  const text = fleet.script((turn) => {
    turn.task();
    gate.opened.then(() => {
      turn.artifact('late', 'text');
      turn.status('COMPLETED', 'late');
      turn.task('COMPLETED');
    });
  });
  const a = await fleet.a.client();

  const answer = (await soon('send', a.sendMessage(send(text)))) as Task;
  const refused = fleet.a.backend.stats().refusedEvents;
  gate.open();
  await eventually('the refusals', () => fleet.a.backend.stats().refusedEvents === refused + 3);

  await expectEnd(answer.id, { id: answer.id, state: 'FAILED', text: ENDED, artifacts: {} });
});

test('[I6] an executor that never returns after its final status keeps no run forever', {
  timeout,
}, async () => {
  let isAborted = (): boolean => false;
  const text = fleet.script(async (turn) => {
    isAborted = () => turn.run.signal.aborted;
    turn.task('COMPLETED');
    await new Promise(() => {});
  });
  const a = await fleet.a.client();

  const { id } = (await soon('send', a.sendMessage(send(text)))) as Task;

  expect(isAborted()).toBe(false);
  await eventually('the end of the run', () => fleet.a.backend.stats().runs === 0);
  expect(isAborted()).toBe(true);
  // It has published its final status itself, so cancelTask is not called.
  expect(fleet.a.agent.canceled).not.toContain(id);
});

test('[I5] an executor is stopped if the backend failed its run', { timeout }, async () => {
  const text = fleet.script(async (turn) => {
    turn.task();
    turn.artifact('huge', HUGE);
    await turn.untilCanceled();
  });
  const a = await fleet.a.client();

  const { id } = (await soon('send', a.sendMessage(send(text)))) as Task;

  await eventually('the cancel', () => fleet.a.agent.canceled.includes(id));
  await eventually('the end of the run', () => fleet.a.agent.finished.includes(id));
});
