import { randomBytes } from 'node:crypto';
import { FIRST_SLOT, Fold, silentLogger } from '@a2a-aws/core';
import {
  type AgentCard,
  AgentCard as Card,
  ListTasksRequest,
  Message,
  Role,
  SendMessageRequest,
  Task,
  TaskState,
} from '@a2a-js/sdk';
import { AgentEvent, type AgentExecutor, DefaultRequestHandler } from '@a2a-js/sdk/server';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { DynamoDBTaskStore } from '../src/dynamodb-task-store.ts';
import { Keys } from '../src/keys.ts';
import { contextOf } from './call-contexts.ts';
import { cutClient } from './cut-client.ts';
import { onEachEngine } from './engines.ts';

const WORKING = TaskState.TASK_STATE_WORKING;
const COMPLETED = TaskState.TASK_STATE_COMPLETED;
const FAILED = TaskState.TASK_STATE_FAILED;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

const KEY = { tenant: '', owner: 'user', taskId: 'task-1' };

const messageOf = (messageId: string, role = Role.ROLE_USER): Message =>
  Message.fromJSON({
    messageId,
    role,
    taskId: 'task-1',
    contextId: 'c',
    parts: [{ text: 'secret' }],
  });

const taskOf = (state: TaskState, fields: Partial<Task> = {}): Task => ({
  ...Task.fromJSON({ id: 'task-1', contextId: 'c' }),
  status: { state, message: undefined, timestamp: '2026-01-01T00:00:00.000Z' },
  history: [messageOf('m1')],
  ...fields,
});

const artifactOf = (artifactId: string, ...texts: string[]): Task['artifacts'][0] => ({
  artifactId,
  name: '',
  description: '',
  metadata: undefined,
  extensions: [],
  parts: texts.map((value) => ({
    content: { $case: 'text', value },
    metadata: undefined,
    filename: '',
    mediaType: '',
  })),
});

/** The task with another status, as a handler saves it. */
const withState = (task: Task, state: TaskState, timestamp = '2026-01-02T00:00:00.000Z'): Task => ({
  ...task,
  status: { state, message: undefined, timestamp },
});

const request = (fields: Partial<ListTasksRequest> = {}): ListTasksRequest => ({
  ...ListTasksRequest.fromJSON({}),
  ...fields,
});

onEachEngine((_name, engine) => {
  let prefixes = 0;
  const fresh = (): string => `store-${prefixes++}`;

  const storeOf = (
    prefix: string,
    client: DynamoDBDocumentClient = engine().client,
    fields: { now?: () => number } = {},
  ): DynamoDBTaskStore =>
    new DynamoDBTaskStore({
      client,
      tableName: engine().aws.tableName,
      prefix,
      logger: silentLogger,
      ...(fields.now ? { clock: { now: fields.now, after: () => () => {} } } : {}),
    });

  const store = (): DynamoDBTaskStore => storeOf(fresh());

  const items = async (prefix: string): Promise<Record<string, unknown>[]> => {
    const { client, aws } = engine();
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: aws.tableName,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': new Keys(prefix).task(KEY) },
      }),
    );
    return Items;
  };

  describe('DynamoDBTaskStore', () => {
    test('loads what was saved, in every request', async () => {
      const subject = store();
      const context = contextOf();
      expect(await subject.load('task-1', context)).toBeUndefined();
      const task = taskOf(WORKING, { artifacts: [artifactOf('a', '1')], metadata: { a: 1 } });
      await subject.save(task, context);
      expect(await subject.load('task-1', context)).toEqual(task);
      expect(await subject.load('task-1', contextOf())).toEqual(task);
    });

    test('keeps each save of one request, and is not changed by what is done to its tasks', async () => {
      const subject = store();
      const context = contextOf();
      const task = taskOf(WORKING);
      await subject.save(task, context);
      task.artifacts.push(artifactOf('a', '1'));
      await subject.save(task, context);
      task.artifacts[0]?.parts.push(...artifactOf('', '2').parts);
      await subject.save(withState(task, COMPLETED), context);
      const loaded = await subject.load('task-1', contextOf());
      expect(loaded).toEqual(withState(task, COMPLETED));
      loaded?.history.push(messageOf('mine'));
      expect((await subject.load('task-1', contextOf()))?.history).toHaveLength(1);
    });

    test('writes nothing for a save that adds nothing', async () => {
      const prefix = fresh();
      const subject = storeOf(prefix);
      await subject.save(taskOf(WORKING), contextOf());
      const before = await items(prefix);
      const context = contextOf();
      const loaded = await subject.load('task-1', context);
      if (loaded) await subject.save(loaded, context);
      expect(await items(prefix)).toEqual(before);
    });

    test('[I1] loses nothing that either of two adds who save at the same time', async () => {
      const prefix = fresh();
      const stores = [storeOf(prefix), storeOf(prefix)];
      await storeOf(prefix).save(taskOf(WORKING), contextOf());
      await Promise.all(
        stores.map(async (one, n) => {
          const context = contextOf();
          for (let round = 0; round < 4; round += 1) {
            const task = await one.load('task-1', context);
            if (!task) throw new Error('no task');
            task.history.push(messageOf(`m-${n}-${round}`));
            task.artifacts.push(artifactOf(`a-${n}-${round}`, 'x'));
            task.metadata = { ...task.metadata, [`k-${n}-${round}`]: round };
            await one.save(task, context);
          }
        }),
      );
      const task = await storeOf(prefix).load('task-1', contextOf());
      const names = [0, 1].flatMap((n) => [0, 1, 2, 3].map((round) => `${n}-${round}`));
      const sorted = (texts: string[] | undefined): string[] | undefined => texts?.toSorted();
      expect(sorted(task?.history.map((m) => m.messageId))).toEqual([
        ...names.map((name) => `m-${name}`),
        'm1',
      ]);
      expect(sorted(task?.artifacts.map((a) => a.artifactId))).toEqual(names.map((n) => `a-${n}`));
      expect(sorted(Object.keys(task?.metadata ?? {}))).toEqual(names.map((n) => `k-${n}`));
    });

    test('[I4] never reopens or changes a task that has ended, however late a save is', async () => {
      const prefix = fresh();
      const [late, quick] = [storeOf(prefix), storeOf(prefix)];
      await quick.save(taskOf(WORKING), contextOf());
      const [slow, fast] = [contextOf(), contextOf()];
      const seen = await late.load('task-1', slow);
      const task = await quick.load('task-1', fast);
      if (!task || !seen) throw new Error('no task');
      await quick.save(withState(task, COMPLETED), fast);
      const ended = await quick.load('task-1', contextOf());
      for (const state of [WORKING, FAILED]) {
        await late.save({ ...withState(seen, state), artifacts: [artifactOf('late', 'x')] }, slow);
      }
      await late.save(taskOf(WORKING, { history: [messageOf('m9')] }), contextOf());
      expect(await quick.load('task-1', contextOf())).toEqual(ended);
      expect((await quick.list(request({ status: COMPLETED }), contextOf())).totalSize).toBe(1);
    });

    test('[I4] takes one of two ends that are saved at the same time, everywhere the same', async () => {
      const prefix = fresh();
      const stores = [storeOf(prefix), storeOf(prefix)];
      await storeOf(prefix).save(taskOf(WORKING), contextOf());
      await Promise.all(
        stores.map(async (one, n) => {
          const context = contextOf();
          const task = await one.load('task-1', context);
          if (task) await one.save(withState(task, n === 0 ? COMPLETED : FAILED), context);
        }),
      );
      const states = await Promise.all(
        stores.map(async (one) => (await one.load('task-1', contextOf()))?.status?.state),
      );
      expect([COMPLETED, FAILED]).toContain(states[0]);
      expect(states[1]).toBe(states[0]);
      const { tasks } = await storeOf(prefix).list(
        request({ status: states[0] ?? WORKING }),
        contextOf(),
      );
      expect(tasks).toHaveLength(1);
    });

    test('[I9] shows a task to its owner in its tenant, and to nobody else', async () => {
      const subject = store();
      const own = contextOf('user', 'tenant');
      await subject.save(taskOf(WORKING), own);
      for (const other of [
        contextOf('user'),
        contextOf('other', 'tenant'),
        contextOf('user', 'x'),
      ]) {
        expect(await subject.load('task-1', other)).toBeUndefined();
        expect((await subject.list(request(), other)).tasks).toEqual([]);
        await subject.delete('task-1', other);
        await subject.save(taskOf(COMPLETED, { contextId: 'theirs' }), other);
      }
      expect(await subject.load('task-1', own)).toEqual(taskOf(WORKING));
    });

    test('lists the newest status first, filtered, page by page', async () => {
      const subject = store();
      const ids = ['a', 'b', 'c', 'd', 'e'];
      for (const [n, id] of ids.entries()) {
        const at = `2026-01-0${n + 1}T00:00:00.000Z`;
        const task = withState({ ...taskOf(WORKING), id }, n % 2 === 0 ? WORKING : COMPLETED, at);
        await subject.save({ ...task, contextId: n < 3 ? 'c' : 'd' }, contextOf());
      }
      const list = async (fields: Partial<ListTasksRequest>): Promise<string> => {
        const { tasks } = await subject.list(request(fields), contextOf());
        return tasks.map(({ id }) => id).join('');
      };
      expect(await list({})).toBe('edcba');
      expect(await list({ contextId: 'c' })).toBe('cba');
      expect(await list({ status: COMPLETED })).toBe('db');
      expect(await list({ statusTimestampAfter: '2026-01-03T00:00:00.000Z' })).toBe('ed');
      const first = await subject.list(request({ pageSize: 2 }), contextOf());
      expect(first).toMatchObject({ totalSize: 5, pageSize: 2 });
      expect(await list({ pageSize: 2, pageToken: first.nextPageToken })).toBe('cb');
    });

    test('shows nothing of a task one retention after its last change', async () => {
      let now = Date.now();
      const subject = storeOf(fresh(), engine().client, { now: () => now });
      await subject.save(taskOf(COMPLETED), contextOf());
      now += 30 * 86_400_000;
      expect(await subject.load('task-1', contextOf())).toBeDefined();
      expect((await subject.list(request(), contextOf())).totalSize).toBe(1);
      now += 1;
      expect(await subject.load('task-1', contextOf())).toBeUndefined();
      expect((await subject.list(request(), contextOf())).totalSize).toBe(0);
    });

    test('fails with a code for an id that no table can hold, and a table that is not there', async () => {
      const invalid = { code: 'invalid-key' };
      await expect(store().load('', contextOf())).rejects.toMatchObject(invalid);
      await expect(store().delete('', contextOf())).rejects.toMatchObject(invalid);
      await expect(store().save({ ...taskOf(WORKING), id: '' }, contextOf())).rejects.toMatchObject(
        invalid,
      );
      const { client } = engine();
      const lacking = new DynamoDBTaskStore({ client, tableName: 'no-such', logger: silentLogger });
      const missing = { code: 'table-not-found' };
      await expect(lacking.load('task-1', contextOf())).rejects.toMatchObject(missing);
    });
  });

  describe('DynamoDBTaskStore.delete', () => {
    /** Whatever a deleted task leaves may say no more than that. */
    const expectErased = async (prefix: string): Promise<void> => {
      for (const item of await items(prefix)) {
        expect(item).toMatchObject({ gone: true });
        const { pk: _p, sk: _s, ...rest } = item;
        const known = ['v', 'id', 'by', 'at', 'slot', 'expires', 'gone'];
        expect(known).toEqual(expect.arrayContaining(Object.keys(rest)));
      }
      expect((await storeOf(prefix).list(request(), contextOf())).tasks).toEqual([]);
      expect(await storeOf(prefix).load('task-1', contextOf())).toBeUndefined();
    };

    const ended = async (prefix: string): Promise<void> => {
      const { client, aws } = engine();
      const context = contextOf();
      const subject = storeOf(prefix);
      await subject.save(taskOf(WORKING), context);
      // Larger than an item, so that pieces are written.
      const large = artifactOf('large', randomBytes(400_000).toString('hex'));
      await subject.save(taskOf(WORKING, { artifacts: [large] }), context);
      await subject.save(taskOf(COMPLETED, { artifacts: [large] }), context);
      const storage = new DynamoDBLogStorage({ client, tableName: aws.tableName, prefix });
      const fold = new Fold();
      for (const record of (await storage.load(KEY)).records) fold.apply(record);
      const snapshot = { id: 's', slot: fold.state.next, text: fold.snapshot() };
      await storage.putSnapshot(KEY, snapshot, Date.now());
      expect((await storage.load(KEY)).snapshot).toBeDefined();
      const configs = new DynamoDBPushNotificationStore({
        client,
        tableName: aws.tableName,
        prefix,
      });
      await configs.save('task-1', context, {
        id: 'config',
        taskId: 'task-1',
        tenant: '',
        url: 'https://example.org/secret',
        token: 'secret',
        authentication: undefined,
      });
    };

    test('takes the content out of the table', async () => {
      const prefix = fresh();
      await ended(prefix);
      await storeOf(prefix).delete('task-1', contextOf());
      await expectErased(prefix);
    });

    test('of a task that waits for input, of one that is not there, and twice', async () => {
      const prefix = fresh();
      const subject = storeOf(prefix);
      await subject.delete('task-1', contextOf());
      expect(await items(prefix)).toEqual([]);
      await subject.save(taskOf(INPUT_REQUIRED), contextOf());
      await subject.delete('task-1', contextOf());
      await expectErased(prefix);
      const once = await items(prefix);
      await subject.delete('task-1', contextOf());
      expect(await items(prefix)).toEqual(once);
    });

    test('[I4] is final: no save brings the task back', async () => {
      const prefix = fresh();
      const subject = storeOf(prefix);
      const [late, own] = [contextOf(), contextOf()];
      await subject.save(taskOf(WORKING), late);
      await subject.delete('task-1', own);
      await subject.save(withState(taskOf(WORKING), COMPLETED), late);
      await subject.save(taskOf(WORKING), contextOf());
      await expectErased(prefix);
    });

    test('is refused while an instance works on the task', async () => {
      const prefix = fresh();
      const { client, aws } = engine();
      const storage = new DynamoDBLogStorage({ client, tableName: aws.tableName, prefix });
      const start = { k: 'start', r: 'r', n: 1, i: 'i', c: 'c' };
      const event = { k: 'event', r: 'r', e: { task: Task.toJSON(taskOf(WORKING)) } };
      await storage.putRecord(KEY, {
        id: 'id',
        instance: 'i',
        time: Date.now(),
        slot: FIRST_SLOT,
        entries: [],
        body: JSON.stringify([start, event]),
      });
      const running = { code: 'task-running' };
      const subject = storeOf(prefix);
      await expect(subject.delete('task-1', contextOf())).rejects.toMatchObject(running);
      expect(await subject.load('task-1', contextOf())).toEqual(taskOf(WORKING));
    });

    test.each([false, true])(
      'completes what was cut short at any call, that call done: %s',
      async (done) => {
        for (let at = 0, cut = true; cut; at += 1) {
          const prefix = fresh();
          await ended(prefix);
          const { client, wasCut } = cutClient(engine(), at, done);
          // An append without an answer is repeated until there is one: the process ends first.
          const deletion = storeOf(prefix, client, { now: () => Date.now() }).delete(
            'task-1',
            contextOf(),
          );
          await Promise.race([
            deletion.catch(() => {}),
            new Promise((end) => setTimeout(end, 300)),
          ]);
          cut = wasCut();
          client.destroy();
          await storeOf(prefix).delete('task-1', contextOf());
          await expectErased(prefix);
          if (at > 60) throw new Error('A deletion makes so many calls?');
        }
      },
    );
  });

  describe('DynamoDBTaskStore in the SDK alone', () => {
    const card: AgentCard = Card.fromJSON({
      name: 'Agent',
      description: 'An agent.',
      version: '1.0.0',
      capabilities: {},
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
    });

    const executor: AgentExecutor = {
      execute: async ({ taskId, contextId, userMessage }, bus) => {
        bus.publish(
          AgentEvent.task({ ...taskOf(WORKING), id: taskId, contextId, history: [userMessage] }),
        );
        bus.publish(
          AgentEvent.artifactUpdate({
            taskId,
            contextId,
            artifact: artifactOf('a', 'answer'),
            append: false,
            lastChunk: true,
            metadata: undefined,
          }),
        );
        const status = {
          state: COMPLETED,
          message: undefined,
          timestamp: new Date().toISOString(),
        };
        bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
        bus.finished();
      },
      cancelTask: async () => {},
    };

    test('serves a blocking send on one instance, and the task on another', async () => {
      const prefix = fresh();
      const [one, other] = [storeOf(prefix), storeOf(prefix)].map(
        (subject) => new DefaultRequestHandler(card, subject, executor),
      );
      const params = SendMessageRequest.fromJSON({
        message: { messageId: 'hello', role: 'ROLE_USER', parts: [{ text: 'hello' }] },
      });
      const result = await one?.sendMessage(params, contextOf());
      if (!result || !('status' in result)) throw new Error('no task');
      expect(result.status?.state).toBe(COMPLETED);
      const task = await other?.getTask({ id: result.id, tenant: '' }, contextOf());
      expect(task).toEqual(result);
      expect(task?.history.map(({ messageId }) => messageId)).toEqual(['hello']);
      expect(task?.artifacts).toHaveLength(1);
      const page = await other?.listTasks(request(), contextOf());
      expect(page?.tasks.map(({ id }) => id)).toEqual([result.id]);
    });
  });
});
