import { randomBytes } from 'node:crypto';
import { type Clock, silentLogger } from '@a2a-aws/core';
import { encodeSnapshot, FIRST_SLOT, Fold, inOneGo, mapConcurrent } from '@a2a-aws/core/internal';
import { taskStoreSuite } from '@a2a-aws/testkit';
import { TestClock } from '@a2a-aws/testkit/fakes';
import { ListTasksRequest, Message, Role, Task, TaskState } from '@a2a-js/sdk';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { DynamoDBTaskStore } from '../src/dynamodb-task-store.ts';
import { contextOf } from './fixtures/call-contexts.ts';
import { countingClient } from './fixtures/counting-client.ts';
import { cutClient } from './fixtures/cut-client.ts';
import { onEachEngine } from './fixtures/engines.ts';
import { storedItems } from './fixtures/stored-items.ts';

const WORKING = TaskState.TASK_STATE_WORKING;
const COMPLETED = TaskState.TASK_STATE_COMPLETED;
const INPUT_REQUIRED = TaskState.TASK_STATE_INPUT_REQUIRED;

const KEY = { tenant: '', owner: 'user', taskId: 'task-1' };

const messageOf = (messageId: string): Message =>
  Message.fromJSON({
    messageId,
    role: Role.ROLE_USER,
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

const request = (fields: Partial<ListTasksRequest> = {}): ListTasksRequest => ({
  ...ListTasksRequest.fromJSON({}),
  ...fields,
});

onEachEngine((name, engine) => {
  let prefixes = 0;
  const fresh = (): string => `store-${prefixes++}`;

  const storeOf = (
    prefix: string,
    client: DynamoDBDocumentClient = engine().client,
    clock?: Clock,
  ): DynamoDBTaskStore =>
    new DynamoDBTaskStore({
      client,
      tableName: engine().aws.tableName,
      prefix,
      logger: silentLogger,
      clock,
    });

  const store = (): DynamoDBTaskStore => storeOf(fresh());

  const items = (prefix: string): Promise<Record<string, unknown>[]> =>
    storedItems(engine(), prefix, KEY);

  taskStoreSuite(`DynamoDBTaskStore on ${name}`, {}, async () => {
    const prefix = fresh();
    return { open: () => storeOf(prefix), dispose: async () => {} };
  });

  describe('DynamoDBTaskStore', () => {
    test('writes nothing for a save without changes', async () => {
      const prefix = fresh();
      const subject = storeOf(prefix);
      await subject.save(taskOf(WORKING), contextOf());
      const before = await items(prefix);
      const context = contextOf();
      const loaded = await subject.load('task-1', context);
      if (loaded) await subject.save(loaded, context);
      expect(await items(prefix)).toEqual(before);
    });

    test('reads a page in two round trips: the index, all shards of it at once, then the tasks', async () => {
      const prefix = fresh();
      const store = storeOf(prefix);
      const ids = Array.from({ length: 120 }, (_, n) => `task-${n}`);
      await mapConcurrent(ids, 20, (id) => store.save({ ...taskOf(WORKING), id }, contextOf()));
      const { client, calls, roundTrips } = countingClient(engine());
      try {
        const page = await storeOf(prefix, client).list(request({ pageSize: 50 }), contextOf());
        expect([page.tasks.length, page.totalSize]).toEqual([50, 120]);
        expect(roundTrips()).toBe(2);
        expect(calls).toEqual(Array.from({ length: 4 + 50 }, () => 'Query'));
      } finally {
        client.destroy();
      }
    });

    test('lists tasks of fewer shards after the number of shards has grown', async () => {
      const prefix = fresh();
      const { client, aws } = engine();
      const sharded = (ownerShards: number): DynamoDBTaskStore =>
        new DynamoDBTaskStore({ client, tableName: aws.tableName, prefix, ownerShards });
      const ids = Array.from({ length: 12 }, (_, n) => `task-${10 + n}`);
      for (const id of ids) await sharded(2).save({ ...taskOf(WORKING), id }, contextOf());
      const grown = sharded(7);
      for (const id of ids.slice(0, 6)) {
        const context = contextOf();
        const task = await grown.load(id, context);
        if (task) await grown.save({ ...task, status: taskOf(COMPLETED).status }, context);
      }
      const { tasks, totalSize } = await grown.list(request(), contextOf());
      expect(totalSize).toBe(12);
      expect(tasks.map(({ id }) => id).sort()).toEqual(ids);
    });

    test('does not show a task one retention period after its last change', async () => {
      const clock = new TestClock(Date.now());
      const subject = storeOf(fresh(), engine().client, clock);
      await subject.save(taskOf(COMPLETED), contextOf());
      await clock.advance(30 * 86_400_000);
      expect(await subject.load('task-1', contextOf())).toBeDefined();
      expect((await subject.list(request(), contextOf())).totalSize).toBe(1);
      await clock.advance(1);
      expect(await subject.load('task-1', contextOf())).toBeUndefined();
      expect((await subject.list(request(), contextOf())).totalSize).toBe(0);
    });

    test('rejects with a code for an id that no table can hold, and for a missing table', async () => {
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
    /** The items that a deleted task leaves may contain nothing else. */
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
      for await (const record of (await storage.load(KEY)).records) fold.apply(record);
      const snapshot = {
        id: 's',
        slot: fold.state.next,
        text: inOneGo(encodeSnapshot(fold.content())),
      };
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

    test('of a task that waits for input, of a missing task, and twice', async () => {
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
      'completes a deletion that was cut at any call, that call executed: %s',
      async (done) => {
        for (let at = 0, cut = true; cut; at += 1) {
          const prefix = fresh();
          await ended(prefix);
          const { client, wasCut } = cutClient(engine(), at, done);
          // An append without an answer is repeated until there is one: the process ends first.
          const clock = new TestClock(Date.now());
          let isOver = false;
          const over = (): void => {
            isOver = true;
          };
          storeOf(prefix, client, clock).delete('task-1', contextOf()).then(over, over);
          await expect.poll(() => isOver || (wasCut() && clock.pending > 0)).toBe(true);
          cut = wasCut();
          client.destroy();
          await storeOf(prefix).delete('task-1', contextOf());
          await expectErased(prefix);
          if (at > 60) throw new Error('A deletion makes so many calls?');
        }
      },
    );
  });
});
