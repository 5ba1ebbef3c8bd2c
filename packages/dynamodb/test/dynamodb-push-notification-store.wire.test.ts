import { pushNotificationStoreSuite } from '@a2a-aws/testkit';
import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { contextOf } from './call-contexts.ts';
import { onEachEngine } from './engines.ts';

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

    test('fails with a code when there is no such table', async () => {
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
