import { resumable } from '@a2a-aws/client';
import type { Task } from '@a2a-js/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS } from './fixtures/a2a-node.ts';
import { eventually, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { ForeignReader, readForeign } from './fixtures/foreign-reader.ts';
import { get, send } from './fixtures/requests.ts';
import type { StateName } from './fixtures/scripted-agent.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 60_000;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

describe.each(ROUTERS)('over %s', (router) => {
  const clients = async () => ({
    a: await fleet.a.client(router),
    b: await fleet.b.client(router),
  });

  /** A task that waits for its client. */
  async function waiting(state: StateName): Promise<string> {
    const { a } = await clients();
    const text = fleet.script((turn) => {
      turn.task();
      turn.artifact('out', 'before');
      turn.status(state, 'which?');
    });
    const task = (await soon('the question', a.sendMessage(send(text)))) as Task;
    await eventually('its end', () => fleet.nodes.every((node) => node.backend.stats().runs === 0));
    return task.id;
  }

  describe.each(['INPUT_REQUIRED', 'AUTH_REQUIRED'] as const)('a follow-up after %s', (state) => {
    const reply = () =>
      fleet.script((turn) => {
        turn.status('WORKING', 'on it');
        turn.artifact('out', 'after', true);
        turn.status('COMPLETED', 'done');
      });

    test('[I3] is a stream that begins with the run, for readers of one Task', {
      timeout,
    }, async () => {
      const taskId = await waiting(state);
      const { b } = await clients();

      const reader = await soon(
        'the stream',
        readForeign(b.sendMessageStream(send(reply(), { taskId }))),
      );

      expect(reader.states).toEqual(['WORKING', 'COMPLETED']);
      expect(pictureOf(reader.task as Task)).toEqual(pictureOf(await b.getTask(get(taskId))));
    });

    test('is answered at once with the first event of its run', { timeout }, async () => {
      const taskId = await waiting(state);
      const { b } = await clients();
      const gate = new Gate();
      const silent = new Gate();
      const text = fleet.script(async (turn) => {
        await silent.opened;
        turn.status('WORKING', 'on it');
        await gate.opened;
        turn.status('COMPLETED');
      });

      const sent = b.sendMessage(send(text, { taskId, returnImmediately: true }));
      await eventually('the run', () => fleet.b.backend.stats().runs === 1);
      silent.open();
      const task = (await soon('the answer', sent)) as Task;
      gate.open();

      expect(pictureOf(task)).toMatchObject({ state: 'WORKING', text: 'on it' });
    });

    test('is followed to its end', { timeout }, async () => {
      const taskId = await waiting(state);
      const { b } = await clients();
      const follower = new StreamReader(resumable(b).sendMessageStream(send(reply(), { taskId })));
      await follower.end();
      expect(follower.names[0]).toBe('task:WORKING');
      expect(follower.picture).toMatchObject({ state: 'COMPLETED', text: 'done' });
    });

    test('that is answered by a Message is that Message alone', { timeout }, async () => {
      const taskId = await waiting(state);
      const { a } = await clients();
      const text = fleet.script((turn) => turn.message('hello'));

      const reader = await soon(
        'the stream',
        readForeign(a.sendMessageStream(send(text, { taskId }))),
      );

      expect(reader.task).toBeUndefined();
      expect(textOf(reader.message)).toBe('hello');
    });
  });

  test('[I3] a second run begins with its own first event, and a subscriber gets both runs', {
    timeout,
  }, async () => {
    const { a, b } = await clients();
    const second = new Gate();
    const end = new Gate();
    const first = fleet.script(async (turn) => {
      turn.task();
      turn.chunks('first', 0, 3);
      await second.opened;
      turn.chunks('first', 3, 6);
      await end.opened;
      turn.status('COMPLETED');
    });
    const more = fleet.script(async (turn) => {
      turn.artifact('second', 'here');
      second.open();
      await end.opened;
    });
    const sender = new StreamReader(a.sendMessageStream(send(first)));
    const taskId = await sender.taskId();
    await sender.until('chunks', ({ artifacts }) => artifacts.first?.length === 3);
    const other = new StreamReader(b.sendMessageStream(send(more, { taskId })));
    await other.taskId();
    expect(pictureOf(other.frames[0]?.payload?.value as Task).artifacts).toMatchObject({
      second: ['here'],
    });
    await other.until('all chunks', ({ artifacts }) => artifacts.first?.length === 6);
    end.open();
    await Promise.all([sender.end(), other.end()]);
    expect(other.names.filter((name) => name.startsWith('task:'))).toHaveLength(1);
  });

  test('[I3] a Task that is published again changes the task to its content', {
    timeout,
  }, async () => {
    const { a, b } = await clients();
    const gate = new Gate();
    const text = fleet.script(async (turn) => {
      turn.task('SUBMITTED');
      turn.chunks('out', 0, 2);
      await gate.opened;
      turn.task('WORKING');
      turn.anything({
        kind: 'task',
        data: {
          id: turn.taskId,
          contextId: turn.request.contextId,
          status: { state: 3, message: undefined, timestamp: undefined },
          artifacts: [
            {
              artifactId: 'out',
              name: 'whole',
              description: '',
              parts: [],
              metadata: undefined,
              extensions: [],
            },
          ],
          history: [],
          metadata: undefined,
        },
      });
    });
    const sender = new ForeignReader();
    const sent = readForeign(a.sendMessageStream(send(text)), sender);
    const id = await eventually('the task', () => sender.task?.id);
    const task = await eventually('its chunks', async () => {
      const known = await b.getTask(get(id)).catch(() => undefined);
      return known?.artifacts[0]?.parts.length === 2;
    });
    expect(task).toBe(true);
    const subscribed = readForeign(b.resubscribeTask(get(id)));
    await eventually('the tap', () => fleet.b.backend.stats().taps === 1);
    gate.open();

    const end = await b.getTask(get(id)).then(async () => {
      const readers = await Promise.all([sent, subscribed]);
      return { readers, task: await b.getTask(get(id)) };
    });

    expect(stateName(end.task.status?.state)).toBe('COMPLETED');
    for (const reader of end.readers) {
      expect(pictureOf(reader.task as Task)).toEqual(pictureOf(end.task));
      expect(reader.states).toEqual(['SUBMITTED', 'WORKING', 'COMPLETED']);
    }
  });

  test('a Message after a Task reaches a reader of one Task as a status', {
    timeout,
  }, async () => {
    const { a } = await clients();
    const text = fleet.script((turn) => {
      turn.task();
      turn.message('the answer');
    });
    const reader = await soon('the stream', readForeign(a.sendMessageStream(send(text))));
    expect(reader.states).toEqual(['WORKING', 'WORKING', 'FAILED']);
    expect(reader.task?.history.map((message) => textOf(message))).toContain('the answer');
  });
});
