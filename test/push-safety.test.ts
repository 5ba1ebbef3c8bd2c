import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { InMemoryPushNotificationStore } from '@a2a-js/sdk/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BindingFleet } from './fixtures/binding-fleet.ts';
import { captureOutput } from './fixtures/captured-output.ts';
import { BINDINGS, clientAt } from './fixtures/clients.ts';
import { eventually, failure } from './fixtures/eventually.ts';
import { HttpNode } from './fixtures/http-node.ts';
import { list, send } from './fixtures/requests.ts';

const timeout = 60_000;
const URL_OF_CLIENT = 'https://client.example/pushed';
let servers: BindingFleet;
/** A service on loopback that no client may reach. */
let inner: Server;
let connections = 0;

beforeAll(async () => {
  inner = createServer(() => {
    connections += 1;
  }).listen(0, '127.0.0.1');
  await once(inner, 'listening');
  servers = await BindingFleet.start({ push: {} }, { pushNotificationStore: undefined });
}, timeout);
afterAll(async () => {
  await servers.stop();
  inner.close();
}, timeout);

const innerUrl = (scheme: string, host: string): string =>
  `${scheme}://${host}:${(inner.address() as AddressInfo).port}/`;

const configOf = (fields: object, taskId = ''): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ url: URL_OF_CLIENT, taskId, ...fields });

const done = (): string =>
  servers.fleet.script((turn) => {
    turn.task();
    turn.status('COMPLETED');
  });

/** Sends a message with a configuration. */
function sendWith(client: Client, config: TaskPushNotificationConfig): Promise<unknown> {
  const request = send(done());
  if (!request.configuration) throw new Error('A request has a configuration.');
  request.configuration.taskPushNotificationConfig = config;
  return client.sendMessage(request);
}

describe.each(BINDINGS)('over %s', (binding) => {
  let client: Client;

  beforeAll(async () => {
    client = await clientAt(servers.urls(binding)[0], binding);
  });

  test.each([
    ['an http URL', () => ({ url: 'http://client.example/' })],
    ['a URL of loopback', () => ({ url: innerUrl('https', '127.0.0.1') })],
    ['a URL of loopback in decimal', () => ({ url: innerUrl('https', '2130706433') })],
    ['localhost.', () => ({ url: innerUrl('https', 'localhost.') })],
    ['credentials in its URL', () => ({ url: 'https://user:SECRET@client.example/' })],
    ['a line break in its URL', () => ({ url: `${URL_OF_CLIENT}\nSECRET` })],
    ['a line break in its token', () => ({ token: 'a\r\nHost: SECRET' })],
    ['a huge URL', () => ({ url: `${URL_OF_CLIENT}?${'SECRET'.repeat(1_000)}` })],
    ['a malformed scheme', () => ({ authentication: { scheme: 'a b', credentials: 'SECRET' } })],
    [
      'malformed credentials',
      () => ({ authentication: { scheme: 'Basic', credentials: 'SECRET\n' } }),
    ],
  ])(
    'a configuration with %s is refused, however it is created',
    { timeout },
    async (_, fields) => {
      const output = captureOutput();
      const before = (await client.listTasks(list())).totalSize;
      const { id: taskId } = (await client.sendMessage(send(done()))) as Task;

      const errors = [
        await failure(
          'create',
          client.createTaskPushNotificationConfig(configOf(fields(), taskId)),
        ),
        await failure('send', sendWith(client, configOf(fields()))),
      ];

      for (const error of errors) {
        expect(error).toBeInstanceOf(RequestMalformedError);
        expect(String(error)).toMatch(/In a push config|The host of url/);
        expect(String(error)).not.toContain('SECRET');
      }
      const all = { tenant: '', taskId, pageSize: 0, pageToken: '' };
      expect((await client.listTaskPushNotificationConfig(all)).configs).toEqual([]);
      expect((await client.listTasks(list())).totalSize).toBe(before + 1);
      expect(`${output.text()}${servers.fleet.log}`).not.toContain('SECRET');
      expect(connections).toBe(0);
    },
  );
});

test('a task has at most 10 configurations, however many are created at once on all instances', {
  timeout,
}, async () => {
  const clients = await Promise.all(servers.urls('JSONRPC').map((url) => clientAt(url, 'JSONRPC')));
  const [client] = clients as [Client];
  const { id: taskId } = (await client.sendMessage(send(done()))) as Task;

  const created = await Promise.allSettled(
    Array.from({ length: 45 }, (_, at) =>
      (clients[at % clients.length] as Client).createTaskPushNotificationConfig(
        configOf({ id: `config-${at}` }, taskId),
      ),
    ),
  );

  const all = { tenant: '', taskId, pageSize: 0, pageToken: '' };
  const { configs } = await client.listTaskPushNotificationConfig(all);
  const taken = created.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []));
  expect(configs.map(({ id }) => id).sort()).toEqual(taken.sort());
  expect(configs.length).toBeLessThanOrEqual(10);
  expect(configs.length).toBeGreaterThanOrEqual(8);
  const [kept] = configs;
  const again = configOf({ id: kept?.id, token: 'new' }, taskId);
  expect(await client.createTaskPushNotificationConfig(again)).toMatchObject({ token: 'new' });
});

test('a configuration that another program stored is not served', { timeout }, async () => {
  class OldStore extends InMemoryPushNotificationStore {
    override async save(
      ...[taskId, context, config]: Parameters<InMemoryPushNotificationStore['save']>
    ) {
      config.url = innerUrl('http', '127.0.0.1');
      await super.save(taskId, context, config);
    }
  }
  const old = await BindingFleet.start({ push: {} }, { pushNotificationStore: new OldStore() });
  try {
    const text = old.fleet.script((turn) => {
      turn.task();
      turn.status('COMPLETED');
    });
    const client = await clientAt(old.urls('JSONRPC')[0], 'JSONRPC');
    const request = send(text);
    if (!request.configuration) throw new Error('A request has a configuration.');
    request.configuration.taskPushNotificationConfig = configOf({});
    await client.sendMessage(request);
    await eventually('the failure', () => old.fleet.log.includes('push.failed'));
    expect(connections).toBe(0);
    expect(old.fleet.log).not.toContain('127.0.0.1');
  } finally {
    await old.stop();
  }
});

describe('A2A 0.3', () => {
  let node: HttpNode;

  beforeAll(async () => {
    node = await HttpNode.start({ options: { push: {} } });
  }, timeout);
  afterAll(() => node.stop(), timeout);

  async function call(method: string, params: object): Promise<{ error?: { code: number } }> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${node.url}/rpc`, { method: 'POST', headers, body });
    return (await response.json()) as { error?: { code: number } };
  }

  const messageOf = (text: string): object => ({
    kind: 'message',
    messageId: crypto.randomUUID(),
    role: 'user',
    parts: [{ kind: 'text', text }],
  });

  test.each([
    ['an http URL', { url: 'http://client.example/' }],
    ['no URL', {}],
    ['a URL that is a list', { url: [URL_OF_CLIENT] }],
    ['a URL that is an object', { url: { length: 1 } }],
    ['a token that is an object', { url: URL_OF_CLIENT, token: { length: 1 } }],
    ['a line break in its token', { url: URL_OF_CLIENT, token: 'a\nb' }],
    [
      'a malformed scheme',
      { url: URL_OF_CLIENT, authentication: { schemes: ['a\nb'], credentials: 'c' } },
    ],
    [
      'a scheme that is an object',
      { url: URL_OF_CLIENT, authentication: { schemes: [{}], credentials: 'c' } },
    ],
    ['a URL of loopback', { url: 'https://[::1]/' }],
  ])('a configuration with %s is refused', { timeout }, async (_, pushNotificationConfig) => {
    const text = node.script((turn) => {
      turn.task();
      turn.status('COMPLETED');
    });
    const sent = (await call('message/send', { message: messageOf(text) })) as {
      result?: { id: string };
    };
    const set = await call('tasks/pushNotificationConfig/set', {
      taskId: sent.result?.id,
      pushNotificationConfig,
    });
    expect(set.error?.code).toBe(-32602);
    const message = messageOf(text);
    const configuration = { pushNotificationConfig };
    expect((await call('message/send', { message, configuration })).error?.code).toBe(-32602);
  });
});
