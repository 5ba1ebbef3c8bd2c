import type { Task } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS } from './fixtures/a2a-node.ts';
import { eventually, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, type SendOptions, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 60_000;
/** No client is authenticated: all are one owner. */
const ANONYMOUS = '';

describe.each(['auto', 'always', 'never'] as const)('with retryDetection %s', (retryDetection) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start({ retryDetection });
  }, timeout);
  afterAll(() => fleet.stop(), timeout);

  // A conformance kit has one id for each of its tests, which it uses for all bindings and tasks.
  describe.each(ROUTERS)('over %s, ids that are used again', (router) => {
    const clients = () =>
      Promise.all(fleet.nodes.map((node) => node.client(router, `${ANONYMOUS}`)));

    test('[I9] give each message its own task and its own answer', { timeout }, async () => {
      const [a, b, c] = await clients();
      let runs = 0;
      const text = fleet.script((turn) => {
        runs += 1;
        turn.task();
        turn.artifact('out', `run ${runs}`);
        turn.status('COMPLETED');
      });
      const message = send(text, { messageId: `tck-complete-task-1a2b3c4d-${router}` });

      const tasks: Task[] = [];
      for (const client of [a, b, c, a]) {
        tasks.push((await soon('send', client?.sendMessage(message) ?? never())) as Task);
      }
      const stream = new StreamReader((b ?? never()).sendMessageStream(message));
      await stream.end();

      const outs = [...tasks.map(pictureOf), stream.picture].map((task) => task?.artifacts.out);
      if (retryDetection === 'always') {
        expect(runs).toBe(1);
        expect(new Set(outs.map(String)).size).toBe(1);
        return;
      }
      expect(outs).toEqual([1, 2, 3, 4, 5].map((n) => [`run ${n}`]));
      expect(new Set([...tasks.map(({ id }) => id), stream.picture?.id]).size).toBe(5);
      for (const [n, { id }] of tasks.entries()) {
        expect(pictureOf(await (c ?? never()).getTask(get(id))).artifacts.out).toEqual([
          `run ${n + 1}`,
        ]);
      }
    });

    test('[I1] are other messages if their content differs, also for one task', {
      timeout,
    }, async () => {
      const [a, b] = await clients();
      const asks = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
      const asksOn = fleet.script((turn) => turn.status('INPUT_REQUIRED', 'and?'));
      const completes = fleet.script((turn) => turn.status('COMPLETED', 'done'));
      const say = (text: string, options: SendOptions = {}) =>
        send(text, { messageId: `tck-input-required-${router}`, ...options });

      const first = (await soon('first', (a ?? never()).sendMessage(say(asks)))) as Task;
      const to = { taskId: first.id };
      const second = await soon('second', (b ?? never()).sendMessage(say(asksOn, to)));
      const third = await soon('third', (a ?? never()).sendMessage(say(completes, to)));

      expect((second as Task).id).toBe(first.id);
      const { history, status } = third as Task;
      expect(stateName(status?.state)).toBe('COMPLETED');
      expect(history.map((message) => textOf(message))).toEqual([
        asks,
        asksOn,
        'and?',
        completes,
        'done',
      ]);
      expect(await (b ?? never()).getTask(get(first.id))).toEqual(third);
    });

    test('[I1] the same message again is a new one after the first is answered', {
      timeout,
    }, async () => {
      const [a, b] = await clients();
      const asks = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
      const asksOn = fleet.script((turn) => turn.status('INPUT_REQUIRED'));
      const { id } = (await soon('first', (a ?? never()).sendMessage(send(asks)))) as Task;
      const yes = send(asksOn, { messageId: '1', taskId: id });

      await soon('yes', (a ?? never()).sendMessage(yes));
      const task = (await soon('yes', (b ?? never()).sendMessage(yes))) as Task;

      const times = retryDetection === 'always' ? 1 : 2;
      expect(task.history.map((message) => textOf(message))).toEqual([
        asks,
        ...Array<string>(times).fill(asksOn),
      ]);
    });

    test('[I4] are one message until it is answered, on every instance', {
      timeout,
    }, async () => {
      const [a, b, c] = await clients();
      const gate = new Gate();
      const text = fleet.script(async (turn) => {
        turn.task();
        await gate.opened;
        turn.status('COMPLETED');
      });
      const message = send(text, { messageId: `msg-1-${router}` });
      const first = new StreamReader((a ?? never()).sendMessageStream(message));
      const id = await first.taskId();

      const again = new StreamReader((b ?? never()).sendMessageStream(message));
      const third = (c ?? never()).sendMessage(message);
      const sameId = (await again.taskId()) === id;
      await eventually('the third to wait', () => fleet.c.backend.stats().taps === 1);
      gate.open();
      const answer = (await soon('third', third)) as Task;
      await Promise.all([first.end(), again.end()]);

      expect(sameId).toBe(retryDetection !== 'never');
      expect(answer.id === id).toBe(retryDetection !== 'never');
    });
  });
});

function never(): never {
  throw new Error('A client is missing.');
}
