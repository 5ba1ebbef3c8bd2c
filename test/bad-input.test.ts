import { randomUUID } from 'node:crypto';
import type { Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { RequestMalformedError, TaskNotFoundError } from '@a2a-js/sdk/errors';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ROUTERS, USER_HEADER } from './fixtures/a2a-node.ts';
import { failure, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, list, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';

const timeout = 60_000;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start({ cancelDeadlineMs: 500 });
}, timeout);
afterAll(() => fleet.stop(), timeout);

/** Every call that names a task, by method. */
function callsOn(client: Client, id: string, text: string): Record<string, () => Promise<unknown>> {
  const config = { tenant: '', taskId: id, id: 'config' };
  return {
    GetTask: () => client.getTask(get(id)),
    CancelTask: () => client.cancelTask(cancel(id)),
    SubscribeToTask: () => new StreamReader(client.resubscribeTask(get(id))).end(),
    SendMessage: () => client.sendMessage(send(text, { taskId: id })),
    SendStreamingMessage: () =>
      new StreamReader(client.sendMessageStream(send(text, { taskId: id }))).end(),
    CreateTaskPushNotificationConfig: () =>
      client.createTaskPushNotificationConfig({
        ...config,
        url: 'http://127.0.0.1:9/',
        token: '',
        authentication: undefined,
      }),
    GetTaskPushNotificationConfig: () => client.getTaskPushNotificationConfig(config),
    ListTaskPushNotificationConfigs: () =>
      client.listTaskPushNotificationConfig({ ...config, pageSize: 0, pageToken: '' }),
    DeleteTaskPushNotificationConfig: () => client.deleteTaskPushNotificationConfig(config),
  };
}

describe.each(ROUTERS)('over %s', (router) => {
  let a: Client;
  let text: string;
  let runs: number;

  beforeEach(async () => {
    a = await fleet.a.client(router);
    runs = 0;
    text = fleet.script((turn) => {
      runs += 1;
      turn.task('COMPLETED');
    });
  });

  async function expectNotFound(client: Client, id: string): Promise<void> {
    for (const [method, call] of Object.entries(callsOn(client, id, text))) {
      expect(await failure(method, call()), method).toBeInstanceOf(TaskNotFoundError);
    }
    expect(runs).toBe(0);
  }

  test.each([randomUUID(), 'a#b', '50%25', 'ä/ö', ' x ', '__proto__', 'x'.repeat(100)])(
    'an unknown task id, %j, is not found',
    { timeout },
    (id) => expectNotFound(a, id),
  );

  test('a task id that no table can hold is malformed', { timeout }, async () => {
    for (const [method, call] of Object.entries(callsOn(a, 'x'.repeat(2_000), text))) {
      expect(await failure(method, call()), method).toBeInstanceOf(RequestMalformedError);
    }
  });

  describe('a running task of ann in tenant one', () => {
    test.each([
      ['bob', 'one'],
      ['ann', 'two'],
      ['ann', ''],
    ])('[I9] does not exist for %s in tenant "%s"', { timeout }, async (user, tenant) => {
      const gate = new Gate();
      const running = fleet.script(async (turn) => {
        turn.task();
        await gate.opened;
        turn.status('COMPLETED', 'done');
      });
      const owner = await fleet.a.client(router, 'ann', 'one');
      const sender = new StreamReader(owner.sendMessageStream(send(running)));
      const id = await sender.taskId();

      for (const node of [fleet.a, fleet.b]) {
        const stranger = await node.client(router, user, tenant);
        await expectNotFound(stranger, id);
        const listed = await stranger.listTasks(list());
        expect(listed.tasks.map((task) => task.id)).not.toContain(id);
      }

      expect(fleet.a.agent.canceled).not.toContain(id);
      const ownView = await (await fleet.b.client(router, 'ann', 'one')).listTasks(list());
      expect(ownView.tasks.map((task) => task.id)).toContain(id);
      gate.open();
      await sender.end();
      expect(sender.picture).toMatchObject({ state: 'COMPLETED', text: 'done' });
    });

    test('[I9] the same message of two owners is two tasks', { timeout }, async () => {
      const message = send(text);
      const bob = await fleet.b.client(router, 'bob');
      const [own, other] = (await Promise.all(
        [a, bob].map((client) => client.sendMessage(message)),
      )) as [Task, Task];
      expect(own.id).not.toBe(other.id);
      expect(runs).toBe(2);
    });
  });

  test.each([
    'garbage',
    '****',
    Buffer.from('[]').toString('base64url'),
    Buffer.from('[2,"a","b"]').toString('base64url'),
    Buffer.from('{"__proto__":1}').toString('base64url'),
  ])('a malformed page token, %s, is malformed', async (pageToken) => {
    expect(await failure('list', a.listTasks(list({ pageToken })))).toBeInstanceOf(
      RequestMalformedError,
    );
  });

  test.each([0, -1, 101])('a page of %s tasks is malformed', async (pageSize) => {
    expect(await failure('list', a.listTasks(list({ pageSize })))).toBeInstanceOf(
      RequestMalformedError,
    );
  });

  // The SDK's client cannot send it all: it recurses.
  test.each([110, 10_000])('a message of %s levels is malformed', { timeout }, async (levels) => {
    const message = {
      messageId: randomUUID(),
      role: 'ROLE_USER',
      parts: [{ text }],
      metadata: { deep: 'DEEP' },
    };
    const [path, body] =
      router === 'JSONRPC'
        ? ['rpc', { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } }]
        : ['rest/message:send', { message }];
    const before = (await a.listTasks(list())).totalSize;
    const response = await fetch(`${fleet.a.url}/${path}`, {
      method: 'POST',
      headers: { 'A2A-Version': '1.0', 'Content-Type': 'application/json', [USER_HEADER]: 'ann' },
      body: JSON.stringify(body).replace('"DEEP"', '['.repeat(levels) + ']'.repeat(levels)),
    });
    expect(await response.text()).toContain('holds an id or a value that cannot be stored');
    expect(runs).toBe(0);
    expect((await a.listTasks(list())).totalSize).toBe(before);
  });

  test('a message without an id is malformed', async () => {
    const nameless = send(text, { messageId: '' });
    expect(await failure('send', a.sendMessage(nameless))).toBeInstanceOf(RequestMalformedError);
    const stream = new StreamReader(a.sendMessageStream(nameless));
    expect(await failure('stream', stream.end())).toBeInstanceOf(RequestMalformedError);
    expect(runs).toBe(0);
  });

  test('a follow-up of another context than its task is malformed', { timeout }, async () => {
    const asks = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
    const { id: taskId } = (await a.sendMessage(send(asks))) as Task;
    const other = send(text, { taskId, contextId: randomUUID() });
    expect(await failure('send', a.sendMessage(other))).toBeInstanceOf(RequestMalformedError);
    expect(runs).toBe(0);
  });
});
