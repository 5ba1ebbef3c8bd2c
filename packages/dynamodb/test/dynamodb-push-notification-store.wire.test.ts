import { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { describe, expect, test } from 'vitest';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { contextOf } from './call-contexts.ts';
import { onEachEngine } from './engines.ts';

const configOf = (id: string, url = 'https://example.org/'): TaskPushNotificationConfig =>
  TaskPushNotificationConfig.fromJSON({ id, taskId: 'task-1', url, token: 'token' });

onEachEngine((_name, engine) => {
  let prefixes = 0;
  let now = 1_000;

  const store = (): DynamoDBPushNotificationStore => {
    const { client, aws } = engine();
    const clock = { now: () => now++, after: () => () => {} };
    const prefix = `push-${prefixes++}`;
    return new DynamoDBPushNotificationStore({ client, tableName: aws.tableName, prefix, clock });
  };
  const ids = async (
    subject: DynamoDBPushNotificationStore,
    context = contextOf(),
    task = 'task-1',
  ): Promise<string[]> => (await subject.load(task, context)).map(({ id }) => id);

  describe('DynamoDBPushNotificationStore', () => {
    test('loads what was saved, nothing before', async () => {
      const subject = store();
      expect(await subject.load('task-1', contextOf())).toEqual([]);
      const config = {
        ...configOf('one', 'https://example.org/€?a=#b'),
        authentication: { scheme: 'Bearer', credentials: 'x' },
      };
      await subject.save('task-1', contextOf(), config);
      expect(await subject.load('task-1', contextOf())).toEqual([config]);
    });

    test('tells the protocol version that each was saved under', async () => {
      const subject = store();
      for (const version of ['1.0', '0.3']) {
        const context = contextOf('user', undefined, version);
        await subject.save('task-1', context, configOf(version));
      }
      expect(await subject.loadWithMetadata('task-1', contextOf())).toEqual([
        { wireVersion: '1.0', config: configOf('1.0') },
        { wireVersion: '0.3', config: configOf('0.3') },
      ]);
    });

    test('gives a config without an id one, in place', async () => {
      const subject = store();
      const [one, other] = [configOf(''), configOf('')];
      await subject.save('task-1', contextOf(), one);
      await subject.save('task-1', contextOf(), other);
      expect(one.id).not.toBe('');
      expect(other.id).not.toBe(one.id);
      expect(await ids(subject)).toEqual([one.id, other.id]);
    });

    test('keeps the order of saves; one saved again is the last', async () => {
      const subject = store();
      for (const id of ['z', 'a', 'm', 'a', 'z']) {
        await subject.save('task-1', contextOf(), configOf(id, `https://example.org/${now}`));
      }
      expect(await ids(subject)).toEqual(['m', 'a', 'z']);
    });

    test('deletes a config, without an id that of the task, and none twice', async () => {
      const subject = store();
      for (const id of ['one', 'task-1', 'two']) {
        await subject.save('task-1', contextOf(), configOf(id));
      }
      await subject.delete('task-1', contextOf(), 'one');
      await subject.delete('task-1', contextOf(), 'one');
      expect(await ids(subject)).toEqual(['task-1', 'two']);
      await subject.delete('task-1', contextOf());
      expect(await ids(subject)).toEqual(['two']);
    });

    test('[I9] keeps tasks, owners and tenants apart, whatever their ids hold', async () => {
      const subject = store();
      const scopes = [contextOf('u'), contextOf('v'), contextOf('u', 't'), contextOf('t#u')];
      const tasks = ['task-1', 'task-1#config', 'task'];
      for (const [n, context] of scopes.entries()) {
        for (const task of tasks) await subject.save(task, context, configOf(`${n} #% ${task}`));
      }
      for (const [n, context] of scopes.entries()) {
        for (const task of tasks) {
          expect(await ids(subject, context, task)).toEqual([`${n} #% ${task}`]);
        }
      }
      await subject.delete('task-1', contextOf('v'), '0 #% task-1');
      expect(await ids(subject, contextOf('u'))).toEqual(['0 #% task-1']);
    });

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

    test('takes every id that it allows, and a task id of any length', async () => {
      const subject = store();
      const task = '#'.repeat(400);
      for (const id of ['x'.repeat(512), '#'.repeat(170), '𝄞'.repeat(128), ' ', '\u0000']) {
        await subject.save(task, contextOf(), configOf(id));
      }
      expect(await ids(subject, contextOf(), task)).toHaveLength(5);
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
