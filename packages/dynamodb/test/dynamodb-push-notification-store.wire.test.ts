import { slotAt } from '@a2a-aws/core/internal';
import { pushNotificationStoreSuite } from '@a2a-aws/testkit';
import { TestClock } from '@a2a-aws/testkit/fakes';
import { Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { DynamoDBTaskStore } from '../src/dynamodb-task-store.ts';
import { Keys } from '../src/table/keys.ts';
import { contextOf } from './fixtures/call-contexts.ts';
import { onEachEngine } from './fixtures/engines.ts';
import { storedItems } from './fixtures/stored-items.ts';

const KEY = { tenant: '', owner: 'user', taskId: 'task-1' };

const configOf = (id: string): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId: 'task-1', url: 'https://example.org/' });

onEachEngine((name, engine) => {
  let prefixes = 0;
  const storeOf = (prefix: string): DynamoDBPushNotificationStore => {
    const { client, aws } = engine();
    return new DynamoDBPushNotificationStore({ client, tableName: aws.tableName, prefix });
  };
  const store = (): DynamoDBPushNotificationStore => storeOf(`push-${prefixes++}`);
  const ids = async (subject: DynamoDBPushNotificationStore, task = 'task-1'): Promise<string[]> =>
    (await subject.load(task, contextOf())).map(({ id }) => id);

  pushNotificationStoreSuite(`DynamoDBPushNotificationStore on ${name}`, {}, async () => {
    const prefix = `push-${prefixes++}`;
    return { open: () => storeOf(prefix), dispose: async () => {} };
  });

  describe('The configs of a task', () => {
    const R = 2 * 24 * 60 * 60 * 1000;
    const BEGAN = 1_700_000_000_000;

    /** A task with a config, both of the same moment. */
    const begin = async (prefix: string): Promise<DynamoDBLogStorage> => {
      const { client, aws } = engine();
      const table = { client, tableName: aws.tableName, prefix, retentionMs: R };
      const clock = new TestClock(BEGAN);
      const task = { ...Task.fromJSON({ id: 'task-1', contextId: 'c' }), status: undefined };
      await new DynamoDBPushNotificationStore({ ...table, clock }).save(
        'task-1',
        contextOf(),
        configOf('a'),
      );
      await new DynamoDBTaskStore({ ...table, clock }).save(task, contextOf());
      return new DynamoDBLogStorage(table);
    };

    const items = (prefix: string): Promise<Record<string, unknown>[]> =>
      storedItems(engine(), prefix, KEY);
    const expiries = async (prefix: string, begins: string): Promise<number[]> =>
      (await items(prefix))
        .filter(({ sk }) => String(sk).startsWith(begins))
        .map(({ expires }) => Number(expires));
    const snapshot = { id: 's', slot: slotAt(2), text: 'text' };

    test('expire after all that the task needs of its log', async () => {
      const prefix = `push-${prefixes++}`;
      await begin(prefix);
      const [config = 0] = await expiries(prefix, 'config#');
      const others = [...(await expiries(prefix, 'event#')), ...(await expiries(prefix, 'task'))];
      expect(others).toHaveLength(2);
      for (const other of others) expect(config).toBeGreaterThan(other);
    });

    test('are renewed by a snapshot, before it is the one that is read', async () => {
      const prefix = `push-${prefixes++}`;
      const storage = await begin(prefix);
      await storage.putSnapshot(KEY, snapshot, BEGAN + R);
      const [config = 0] = await expiries(prefix, 'config#');
      const [chunk = 0] = await expiries(prefix, 'snap#');
      expect(config).toBeGreaterThanOrEqual(chunk);
      expect(chunk).toBe((BEGAN + 3 * R) / 1_000);
    });

    test('that were deleted are not brought back by it', async () => {
      const prefix = `push-${prefixes++}`;
      const storage = await begin(prefix);
      await storeOf(prefix).delete('task-1', contextOf(), 'a');
      await storage.putSnapshot(KEY, snapshot, BEGAN + R);
      expect(await expiries(prefix, 'config#')).toEqual([]);
      expect(await ids(storeOf(prefix))).toEqual([]);
    });

    test.each([
      ['no config', {}],
      ['another version', { v: 2, at: 1, wire: '1.0', config: '{}' }],
      ['no JSON', { v: 1, at: 1, wire: '1.0', config: '{' }],
    ])('that cannot be read fail with a code: %s', async (_, fields) => {
      const { client, aws } = engine();
      const prefix = `push-${prefixes++}`;
      const key = new Keys(prefix).config(KEY, 'odd');
      await client.send(new PutCommand({ TableName: aws.tableName, Item: { ...key, ...fields } }));
      await expect(ids(storeOf(prefix))).rejects.toMatchObject({ code: 'corrupt-log' });
    });
  });

  describe('DynamoDBPushNotificationStore', () => {
    test.each([
      ['long', 'x'.repeat(513)],
      ['long once it is escaped', '#'.repeat(400)],
      ['of half a character', '\ud800'],
    ])('refuses an id that is %s, and has none to delete', async (_, id) => {
      const subject = store();
      await subject.save('task-1', contextOf(), configOf('a'));
      const refused = subject.save('task-1', contextOf(), { ...configOf('a'), id });
      await expect(refused).rejects.toMatchObject({ code: 'invalid-key' });
      await expect(subject.delete('task-1', contextOf(), id)).resolves.toBeUndefined();
      expect(await ids(subject)).toEqual(['a']);
    });

    test.each<[string, string, Partial<TaskPushNotificationConfig>]>([
      ['is larger than an item', 'event-too-large', { token: 'x'.repeat(500_000) }],
      ['is none of A2A', 'invalid-event', { token: 5 as never }],
    ])('refuses a config that %s with a code', async (_, code, fields) => {
      const subject = store();
      const saved = subject.save('task-1', contextOf(), { ...configOf('a'), ...fields });
      await expect(saved).rejects.toMatchObject({ code });
      expect(await ids(subject)).toEqual([]);
    });

    test('takes every id that it allows, and a task id of any length', async () => {
      const subject = store();
      const task = '#'.repeat(400);
      const odd = [' ', '\u0000', '\u{10ffff}', '\u{10ffff}#and more'];
      for (const id of ['x'.repeat(512), '#'.repeat(170), '𝄞'.repeat(128), ...odd]) {
        await subject.save(task, contextOf(), configOf(id));
      }
      expect(await ids(subject, task)).toHaveLength(7);
      await subject.delete(task, contextOf());
    });

    test('rejects with a code if the table does not exist', async () => {
      const { client } = engine();
      const subject = new DynamoDBPushNotificationStore({ client, tableName: 'no-such' });
      const missing = { code: 'table-not-found' };
      await expect(subject.load('task-1', contextOf())).rejects.toMatchObject(missing);
      await expect(subject.save('task-1', contextOf(), configOf('a'))).rejects.toMatchObject(
        missing,
      );
    });
  });
});
