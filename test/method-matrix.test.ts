import { randomUUID } from 'node:crypto';
import type { Message, Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTERS } from './fixtures/a2a-node.ts';
import { EXTENDED_NAME } from './fixtures/agent-card.ts';
import { failure, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, list, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { pictureOf, stateName, textOf } from './fixtures/task-picture.ts';

const timeout = 60_000;

describe.each(['works', 'is lost'])('with a doorbell that %s', (doorbell) => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
    if (doorbell === 'is lost') fleet.shutDoorbell();
  }, timeout);
  afterAll(() => fleet.stop(), timeout);

  describe.each(ROUTERS)('over %s', (router) => {
    let a: Client;
    let b: Client;

    beforeAll(async () => {
      // Owners of their own, so that a list has only the tasks of this router's tests.
      const user = `user-${router}`;
      [a, b] = await Promise.all([fleet.a.client(router, user), fleet.b.client(router, user)]);
    });

    const chunked = (): string =>
      fleet.script(async (turn) => {
        turn.task();
        turn.chunks('out', 0, 3);
        turn.status('COMPLETED', 'done');
      });

    test('[I2] a blocking send answers with the finished task, which B has, too', {
      timeout,
    }, async () => {
      const answer = (await soon('send', a.sendMessage(send(chunked())))) as Task;

      expect(pictureOf(answer)).toMatchObject({
        state: 'COMPLETED',
        text: 'done',
        artifacts: { out: ['0', '1', '2'] },
      });
      expect(await b.getTask(get(answer.id))).toEqual(answer);
    });

    test('a message is the answer of a blocking send', { timeout }, async () => {
      const text = fleet.script((turn) => turn.message('hello'));

      const answer = (await soon('send', a.sendMessage(send(text)))) as Message;

      expect(textOf(answer)).toBe('hello');
    });

    test('[I10] a send that does not wait is answered at once, and the task continues', {
      timeout,
    }, async () => {
      const gate = new Gate();
      const text = fleet.script(async (turn) => {
        turn.task();
        await gate.opened;
        turn.status('COMPLETED');
      });

      const answer = (await soon(
        'send',
        a.sendMessage(send(text, { returnImmediately: true })),
      )) as Task;

      expect(stateName(answer.status?.state)).toBe('WORKING');
      const subscriber = new StreamReader(b.resubscribeTask(get(answer.id)));
      await subscriber.taskId();
      gate.open();
      await subscriber.end();
      expect(subscriber.picture?.state).toBe('COMPLETED');
    });

    test('[I1] [I3] a stream on A and a subscriber on B see the same events in the same order', {
      timeout,
    }, async () => {
      const gate = new Gate();
      const text = fleet.script(async (turn) => {
        turn.task();
        turn.chunks('out', 0, 1);
        await gate.opened;
        turn.chunks('out', 1, 40);
        turn.status('COMPLETED', 'done');
      });

      const sender = new StreamReader(a.sendMessageStream(send(text)));
      const id = await sender.taskId();
      const subscriber = new StreamReader(b.resubscribeTask(get(id)));
      await subscriber.taskId();
      gate.open();
      await Promise.all([sender.end(), subscriber.end()]);

      expect(sender.picture?.artifacts.out).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`));
      expect(subscriber.picture).toEqual(sender.picture);
      const live = subscriber.frames.slice(1);
      expect(live).toEqual(sender.frames.slice(-live.length));
      expect(pictureOf(await b.getTask(get(id)))).toEqual(sender.picture);
    });

    test('GetTask returns as much history as requested, on either instance', {
      timeout,
    }, async () => {
      const { id } = (await a.sendMessage(send(chunked()))) as Task;

      for (const client of [a, b]) {
        expect((await client.getTask({ ...get(id), historyLength: 0 })).history).toEqual([]);
        expect((await client.getTask({ ...get(id), historyLength: 1 })).history).toHaveLength(1);
      }
    });

    test('ListTasks pages through the tasks of both instances', { timeout }, async () => {
      const contextId = randomUUID();
      const ids: string[] = [];
      for (const client of [a, b, a]) {
        ids.push(((await client.sendMessage(send(chunked(), { contextId }))) as Task).id);
      }

      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await b.listTasks(list({ contextId, pageSize: 2, pageToken }));
        expect(page.totalSize).toBe(3);
        seen.push(...page.tasks.map((task) => task.id));
        pageToken = page.nextPageToken;
      } while (pageToken);

      expect(seen).toEqual(ids.toReversed());
      const whole = await a.listTasks(list({ includeArtifacts: true }));
      const task = whole.tasks.find(({ id }) => id === ids[0]);
      expect(task?.artifacts.map(({ parts }) => parts.length)).toEqual([3]);
      const bare = await a.listTasks(list());
      expect(bare.tasks.every(({ artifacts }) => artifacts.length === 0)).toBe(true);
    });

    test('[I4] CancelTask on B stops the executor on A; all see CANCELED', {
      timeout,
    }, async () => {
      const text = fleet.script(async (turn) => {
        turn.task();
        await turn.untilCanceled();
        turn.status('CANCELED', 'by the agent');
      });
      const sender = new StreamReader(a.sendMessageStream(send(text)));
      const id = await sender.taskId();

      const canceled = await soon('cancel', b.cancelTask(cancel(id)));
      await sender.end();

      expect(pictureOf(canceled)).toMatchObject({ state: 'CANCELED', text: 'by the agent' });
      expect(sender.picture).toEqual(pictureOf(canceled));
      expect(await a.getTask(get(id))).toEqual(canceled);
      expect(fleet.a.agent.canceled.filter((canceledId) => canceledId === id)).toEqual([id]);
    });

    test('push notification configs are made, read, listed and deleted on any instance', {
      timeout,
    }, async () => {
      const { id: taskId } = (await a.sendMessage(send(chunked()))) as Task;
      const config = {
        tenant: '',
        id: 'config',
        taskId,
        url: 'http://127.0.0.1:9/',
        token: 'token',
        authentication: undefined,
      };
      const one = { tenant: '', taskId, id: 'config' };
      const all = { tenant: '', taskId, pageSize: 0, pageToken: '' };

      expect(await b.createTaskPushNotificationConfig(config)).toMatchObject({ id: 'config' });

      expect(await a.getTaskPushNotificationConfig(one)).toMatchObject({ url: config.url });
      expect((await b.listTaskPushNotificationConfig(all)).configs).toHaveLength(1);
      await b.deleteTaskPushNotificationConfig(one);
      expect((await a.listTaskPushNotificationConfig(all)).configs).toEqual([]);
      const error = await failure('get', a.getTaskPushNotificationConfig(one));
      expect(error).toBeInstanceOf(TaskNotFoundError);
    });

    test('the card lists streaming; authenticated users get the extended card', async () => {
      const response = await fetch(`${fleet.b.url}/.well-known/agent-card.json`);
      expect(await response.json()).toMatchObject({ capabilities: { streaming: true } });
      expect(await b.getAgentCard()).toMatchObject({ name: EXTENDED_NAME });
    });
  });
});
