import type { Task } from '@a2a-js/sdk';
import { InMemoryPushNotificationStore } from '@a2a-js/sdk/server';
import type { OnError } from 'a2a-aws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROUTERS, USER_HEADER } from './fixtures/a2a-node.ts';
import { eventually, failure } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { cancel, get, send } from './fixtures/requests.ts';
import { stateName } from './fixtures/task-picture.ts';

const SECRET = 'x-marker-of-an-error-x';
const onError = vi.fn<OnError>();
/** The part that throws now. */
let broken: 'card' | 'store' | undefined;
class BreakableStore extends InMemoryPushNotificationStore {
  override async save(...args: Parameters<InMemoryPushNotificationStore['save']>): Promise<void> {
    if (broken === 'store') throw new URIError(SECRET);
    await super.save(...args);
  }
}
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start(
    {
      onError,
      ownerResolver: ({ user }) => {
        if (user?.userName === 'nobody') throw new TypeError(SECRET);
        return user?.userName ?? '';
      },
    },
    {
      pushNotificationStore: new BreakableStore(),
      agentCardSignatureGenerator: async (card) => {
        if (broken === 'card') throw new EvalError(SECRET);
        return card;
      },
      extendedAgentCardProvider: async () => {
        throw new EvalError(SECRET);
      },
      pushNotificationSender: {
        send: () => {
          throw new RangeError(SECRET);
        },
      },
    },
  );
  fleet.a.agent.cancelTask = async () => {
    throw new SyntaxError(SECRET);
  };
}, 60_000);

afterAll(() => fleet.stop());

const caught = (source: string): unknown[][] =>
  onError.mock.calls.filter(([, about]) => about.source === source);

test('the hook gets what the executor and the sender threw', async () => {
  const client = await fleet.a.client();
  const text = fleet.script((turn) => {
    turn.task();
    throw new Error(SECRET);
  });
  const task = (await client.sendMessage(send(text))) as Task;
  expect(stateName(task.status?.state)).toBe('FAILED');
  expect(JSON.stringify(task)).not.toContain(SECRET);
  expect(caught('executor')).toEqual([
    [
      expect.objectContaining({ message: SECRET }),
      { source: 'executor', taskId: task.id, run: expect.any(String) },
    ],
  ]);
  await eventually('a push', async () => caught('pushSender').length > 0);
  expect(caught('pushSender')[0]).toEqual([
    expect.any(RangeError),
    { source: 'pushSender', taskId: task.id },
  ]);
});

test('the hook gets what cancelTask threw', async () => {
  onError.mockClear();
  const client = await fleet.a.client();
  const text = fleet.script(async (turn) => {
    turn.task();
    await new Promise((resolve) => turn.run.signal.addEventListener('abort', resolve));
    turn.status('CANCELED');
  });
  const begun = (await client.sendMessage(send(text, { returnImmediately: true }))) as Task;
  const task = await client.cancelTask(cancel(begun.id));
  expect(stateName(task.status?.state)).toBe('CANCELED');
  expect(caught('executor')).toEqual([
    [expect.any(SyntaxError), { source: 'executor', taskId: task.id, run: expect.any(String) }],
  ]);
});

test('the hook gets what ownerResolver threw, and the client a fixed text', async () => {
  const client = await fleet.a.client('JSONRPC', 'nobody');
  const error = await failure('GetTask', client.getTask(get('1')));
  expect(String(error)).not.toContain(SECRET);
  expect(caught('ownerResolver')).toEqual([
    [expect.any(TypeError), { source: 'ownerResolver', method: 'GetTask' }],
  ]);
});

test.each(ROUTERS)('the hook gets what the push store threw, over %s', async (router) => {
  const client = await fleet.a.client(router);
  const text = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
  const { id } = (await client.sendMessage(send(text))) as Task;
  const config = { tenant: '', id: 'c', taskId: id, url: 'http://127.0.0.1:9/', token: '' };
  onError.mockClear();
  broken = 'store';
  const set = client.createTaskPushNotificationConfig({ ...config, authentication: undefined });
  const error = await failure('CreateTaskPushNotificationConfig', set);
  broken = undefined;
  expect(error.message).toBe('The server failed to handle the request.');
  const method = 'CreateTaskPushNotificationConfig';
  expect(caught('pushStore')).toEqual([
    [expect.any(URIError), { source: 'pushStore', method, taskId: id }],
  ]);
});

test('the hook gets what a push store threw at a message with a config', async () => {
  const client = await fleet.a.client();
  const text = fleet.script((turn) => turn.task('INPUT_REQUIRED'));
  const config = { tenant: '', id: 'c', taskId: '', url: 'http://127.0.0.1:9/', token: '' };
  const taskPushNotificationConfig = { ...config, authentication: undefined };
  onError.mockClear();
  broken = 'store';
  const request = send(text);
  const sent = client.sendMessage({
    ...request,
    configuration: {
      acceptedOutputModes: [],
      returnImmediately: false,
      historyLength: undefined,
      ...request.configuration,
      taskPushNotificationConfig,
    },
  });
  const error = await failure('SendMessage', sent);
  broken = undefined;
  expect(error.message).toBe('The server failed to handle the request.');
  expect(caught('pushStore')).toEqual([
    [expect.any(URIError), { source: 'pushStore', method: 'SendMessage' }],
  ]);
});

test('the hook gets what signs the card, and what makes the extended one, threw', async () => {
  onError.mockClear();
  broken = 'card';
  const card = await fetch(`${fleet.a.url}/.well-known/agent-card.json`);
  broken = undefined;
  expect(card.status).toBe(500);
  expect(await card.text()).not.toContain(SECRET);
  const path = '/rest/extendedAgentCard';
  const headers = { 'a2a-version': '1.0', [USER_HEADER]: 'ann' };
  const extended = await fetch(`${fleet.a.url}${path}`, { headers });
  expect(extended.status).toBe(500);
  expect(await extended.text()).not.toContain(SECRET);
  expect(caught('agentCard')).toEqual([
    [expect.any(EvalError), { source: 'agentCard', method: 'GetAgentCard' }],
    [expect.any(EvalError), { source: 'agentCard', method: 'GetExtendedAgentCard' }],
  ]);
});

test('no line contains a thrown error; each names the source', () => {
  const lines = fleet.a.logger.lines.filter(({ level }) => level === 'error');
  const named = lines.map(({ event, fields: { source } }) => [event, source]);
  // The sender gets every event, and throws each time.
  const isSender = ([event]: unknown[]): boolean => event === 'push.sender-failed';
  expect(new Set(named.filter(isSender).map(([, source]) => source))).toEqual(
    new Set(['pushSender']),
  );
  expect(named.filter((line) => !isSender(line))).toEqual([
    ['run.executor-failed', 'executor'],
    ['run.cancel-failed', 'executor'],
    ['request.failed', 'ownerResolver'],
    ['request.failed', 'pushStore'],
    ['request.failed', 'pushStore'],
    ['request.failed', 'pushStore'],
    ['request.failed', 'agentCard'],
    ['request.failed', 'agentCard'],
  ]);
  expect(fleet.log).not.toContain(SECRET);
});
