import { createDynamoDBClient } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import {
  ListTasksRequest,
  SendMessageRequest,
  Task,
  TaskPushNotificationConfig,
  TaskState,
} from '@a2a-js/sdk';
import {
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  ServerCallContext,
} from '@a2a-js/sdk/server';
import {
  DatabasePushNotificationStore,
  DatabaseTaskStore,
  type TaskDatabase,
} from '@a2a-js/sdk/server/database';
import {
  createBackend,
  DynamoDBPushNotificationStore,
  DynamoDBTaskStore,
  importTasks,
} from 'a2a-aws';
import type { Kysely } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sqlDatabase } from './fixtures/sql-database.ts';
import { agentCard, executor } from './readme/agent.ts';
import { endUnfinished, migrate, owners } from './readme/migrate.ts';
import { migrateMemory } from './readme/migrate-memory.ts';
import { since } from './readme/migrate-since.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws();
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.stop();
});

const contextOf = (owner: string, tenant = ''): ServerCallContext =>
  new ServerCallContext({ tenant, user: { isAuthenticated: true, userName: owner } });

const taskOf = (id: string, state: string, text = 'answer'): Task =>
  Task.fromJSON({
    id,
    contextId: 'context-1',
    status: { state, timestamp: '2026-01-01T00:00:00.000Z' },
    history: [{ messageId: `to-${id}`, role: 'ROLE_USER', parts: [{ text: 'question' }] }],
    artifacts: [{ artifactId: 'a', parts: [{ text }, { raw: 'AAEC' }] }],
    metadata: { nested: { list: [1, null] } },
  });

const configOf = (id: string, taskId: string): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId, url: 'https://example.org/', token: 't' });

const json = (task: Task | undefined): unknown => task && Task.toJSON(task);

/** The target, in a part of the table that no other test uses. */
function target(): {
  client: ReturnType<typeof createDynamoDBClient>;
  tableName: string;
  prefix: string;
} {
  return { client: createDynamoDBClient(), tableName: aws.tableName, prefix: `p${prefixes++}` };
}
let prefixes = 0;

describe("a migration from the SDK's database stores", () => {
  let db: Kysely<TaskDatabase>;

  beforeEach(async () => {
    db = (await sqlDatabase()) as Kysely<TaskDatabase>;
  });

  afterEach(() => db.destroy());

  test('as the page shows it: twice, while servers still work, and when they have stopped', async () => {
    const old = new DatabaseTaskStore(db);
    const configs = new DatabasePushNotificationStore(db);
    const users = [contextOf('ann'), contextOf('bob', 'tenant'), contextOf('ann', 'tenant')];
    for (const [n, user] of users.entries()) {
      await old.save(taskOf(`done-${n}`, 'TASK_STATE_COMPLETED'), user);
      await old.save(taskOf(`asks-${n}`, 'TASK_STATE_INPUT_REQUIRED'), user);
      await old.save(taskOf(`works-${n}`, 'TASK_STATE_WORKING'), user);
      await configs.save(`works-${n}`, user, configOf('hook', `works-${n}`));
    }
    expect(await migrate(db)).toEqual({ imported: 9, unchanged: 0, kept: 0, failed: [] });
    // One ends; two are left behind.
    await old.save(taskOf('works-0', 'TASK_STATE_COMPLETED', 'more'), contextOf('ann'));
    for (const user of await owners(db)) await endUnfinished(old, user);
    expect(await migrate(db)).toEqual({ imported: 3, unchanged: 6, kept: 0, failed: [] });

    const client = createDynamoDBClient();
    const store = new DynamoDBTaskStore({ client, tableName: aws.tableName });
    const pushes = new DynamoDBPushNotificationStore({ client, tableName: aws.tableName });
    for (const [n, user] of users.entries()) {
      for (const id of [`done-${n}`, `asks-${n}`, `works-${n}`]) {
        expect(json(await store.load(id, user))).toEqual(json(await old.load(id, user)));
      }
      const { tasks, totalSize } = await store.list(ListTasksRequest.fromJSON({}), user);
      expect([tasks.length, totalSize]).toEqual([3, 3]);
      const [config, ...others] = await pushes.load(`works-${n}`, user);
      expect([config?.id, config?.token, others]).toEqual(['hook', 't', []]);
    }
    const states = await Promise.all(
      users.map(async (user, n) => (await store.load(`works-${n}`, user))?.status?.state),
    );
    const { TASK_STATE_COMPLETED, TASK_STATE_FAILED } = TaskState;
    expect(states).toEqual([TASK_STATE_COMPLETED, TASK_STATE_FAILED, TASK_STATE_FAILED]);
    client.destroy();
  });
});

describe("a migration from the SDK's stores in memory", () => {
  test('imports tasks that a backend continues, and that a later import leaves alone', async () => {
    const [old, configs] = [new InMemoryTaskStore(), new InMemoryPushNotificationStore()];
    const ann = contextOf('ann');
    const [asks, done] = [
      taskOf('asks', 'TASK_STATE_INPUT_REQUIRED'),
      taskOf('done', 'TASK_STATE_COMPLETED'),
    ];
    for (const task of [asks, done]) await old.save(task, ann);
    await configs.save('asks', ann, configOf('hook', 'asks'));
    const to = target();
    const source = { from: old, pushNotifications: configs, contexts: [ann], to };
    expect(await importTasks(source)).toMatchObject({ imported: 2 });

    const backend = createBackend({ ...aws, prefix: to.prefix, instanceId: 'new' });
    await backend.start();
    try {
      const handler = backend.requestHandler(agentCard, executor);
      const request = { id: 'done', tenant: '' };
      expect(json(await handler.getTask(request, ann))).toEqual(json(done));
      const list = await handler.listTasks(ListTasksRequest.fromJSON({}), ann);
      expect(list.tasks.map(({ id }) => id).sort()).toEqual(['asks', 'done']);
      const answer = SendMessageRequest.fromJSON({
        message: {
          messageId: 'more',
          taskId: 'asks',
          contextId: 'context-1',
          role: 'ROLE_USER',
          parts: [{ text: 'more' }],
        },
      });
      const ended = await handler.sendMessage(answer, ann);
      expect(ended).toMatchObject({ status: { state: TaskState.TASK_STATE_COMPLETED } });
      const task = await handler.getTask({ id: 'asks', tenant: '' }, ann);
      expect(task.history.map(({ messageId }) => messageId)).toEqual(['to-asks', 'more']);
      // The old store still says otherwise.
      await old.save(taskOf('asks', 'TASK_STATE_FAILED'), ann);
      expect(await importTasks(source)).toEqual({ imported: 0, unchanged: 1, kept: 1, failed: [] });
      expect(await handler.getTask({ id: 'asks', tenant: '' }, ann)).toEqual(task);
    } finally {
      await backend.stop();
      to.client.destroy();
    }
  });

  test('as the page shows it: of the given owners, without old tasks', async () => {
    const [old, configs] = [new InMemoryTaskStore(), new InMemoryPushNotificationStore()];
    const [eve, sam] = [contextOf('eve'), contextOf('sam')];
    for (const context of [eve, sam]) {
      await old.save(taskOf('old', 'TASK_STATE_COMPLETED'), context);
      const task = taskOf('new', 'TASK_STATE_COMPLETED');
      if (task.status) task.status.timestamp = '2026-02-01T00:00:00.000Z';
      await old.save(task, context);
    }
    expect(await migrateMemory(old, configs, [eve])).toMatchObject({ imported: 2, failed: [] });
    const to = { client: createDynamoDBClient(), tableName: aws.tableName };
    const from = since(old, '2026-01-15T00:00:00Z');
    expect(await importTasks({ from, contexts: [sam], to })).toMatchObject({ imported: 1 });
    const store = new DynamoDBTaskStore(to);
    const ids = async (context: ServerCallContext): Promise<string[]> =>
      (await store.list(ListTasksRequest.fromJSON({}), context)).tasks.map(({ id }) => id);
    expect([await ids(eve), await ids(sam)]).toEqual([['new', 'old'], ['new']]);
    to.client.destroy();
  });

  test('brings a task of megabytes', async () => {
    const old = new InMemoryTaskStore();
    const ann = contextOf('ann');
    const large = 'x'.repeat(3_000_000);
    const task = taskOf('large', 'TASK_STATE_COMPLETED');
    task.history.push(
      ...['m1', 'm2'].map(
        (messageId) =>
          ({
            ...taskOf('x', 'TASK_STATE_WORKING').history[0],
            messageId,
          }) as Task['history'][0],
      ),
    );
    for (const message of task.history) {
      message.parts = [
        {
          content: { $case: 'text', value: large },
          metadata: undefined,
          filename: '',
          mediaType: '',
        },
      ];
    }
    await old.save(task, ann);
    const to = target();
    expect(await importTasks({ from: old, contexts: [ann], to })).toMatchObject({ imported: 1 });
    const loaded = await new DynamoDBTaskStore(to).load('large', ann);
    // Not the tasks themselves: a failure would print megabytes.
    expect(JSON.stringify(json(loaded)) === JSON.stringify(json(task))).toBe(true);
    expect(await importTasks({ from: old, contexts: [ann], to })).toMatchObject({ unchanged: 1 });
    to.client.destroy();
  });
});
