import { randomBytes } from 'node:crypto';
import type { LogRecord } from '@a2a-aws/core';
import { FIRST_SLOT, slotAt } from '@a2a-aws/core/internal';
import { listedTasks, loadWhole, logStorageSuite, taskLogSuite } from '@a2a-aws/testkit';
import { TaskState } from '@a2a-js/sdk';
import { DeleteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { Keys } from '../src/table/keys.ts';
import { onEachEngine } from './fixtures/engines.ts';
import { storedItems } from './fixtures/stored-items.ts';

const KEY = { tenant: '', owner: 'owner', taskId: 'task-1' };

const recordOf = (contextId: string): LogRecord => {
  const entry = { kind: 'start', run: 'r', attempt: 1, instance: 'i', contextId } as const;
  const body = JSON.stringify([{ k: 'start', r: 'r', n: 1, i: 'i', c: contextId }]);
  return { id: 'id', instance: 'i', time: 1, slot: FIRST_SLOT, entries: [entry], body };
};

onEachEngine((name, engine) => {
  let prefixes = 0;
  const storage = (prefix = `p${prefixes++}`): DynamoDBLogStorage => {
    const { client, aws } = engine();
    return new DynamoDBLogStorage({ client, tableName: aws.tableName, prefix });
  };

  for (const suite of [logStorageSuite, taskLogSuite]) {
    suite(`DynamoDBLogStorage on ${name}`, async () => ({
      storage: storage(),
      dispose: async () => {},
    }));
  }

  describe('DynamoDBLogStorage', () => {
    test('[I9] keeps the agents of one table apart, whatever their prefixes are', async () => {
      const prefixes = ['x', 'x#T', 'x%23T', ''];
      const others = prefixes.map((prefix) => storage(prefix));
      for (const [n, other] of others.entries()) {
        const key = { ...KEY, taskId: `task-${n}` };
        const { taskId } = key;
        expect(await other.putRecord(key, recordOf('c'))).toEqual({ written: true });
        await other.putHead(key, {
          taskId,
          contextId: 'c',
          state: TaskState.TASK_STATE_WORKING,
          latest: 0,
          writtenAtMs: 1,
          slot: FIRST_SLOT,
        });
        expect(await listedTasks(other, KEY)).toMatchObject([{ taskId }]);
        expect(await listedTasks(other, KEY, { contextId: 'c' })).toMatchObject([{ taskId }]);
      }
    });

    test('[I7] leaves no piece of a large record that lost its slot', async () => {
      const subject = storage('pieces');
      const record = recordOf('small');
      await subject.putRecord(KEY, record);
      const large = { ...recordOf(randomBytes(400_000).toString('hex')), id: 'other' };
      expect(await subject.putRecord(KEY, large)).toEqual({ taken: record });
      expect(await storedItems(engine(), 'pieces', KEY)).toHaveLength(1);
    });

    test('[I7] leaves no item forever if a task is erased after its records have expired', async () => {
      const { client, aws } = engine();
      const subject = storage('expired');
      const state = TaskState.TASK_STATE_COMPLETED;
      const head = { taskId: KEY.taskId, contextId: 'c', state, latest: 0, writtenAtMs: 1 };
      await subject.putHead(KEY, { ...head, slot: FIRST_SLOT });
      await subject.erase(KEY);
      const { Item } = await client.send(
        new GetCommand({ TableName: aws.tableName, Key: new Keys('expired').head(KEY) }),
      );
      expect(Item).toMatchObject({ gone: true, expires: expect.any(Number) });
    });

    test('reads records that were written with and without deflating', async () => {
      const { client, aws } = engine();
      const options = { client, tableName: aws.tableName, prefix: 'deflate' };
      const [plain, deflating] = [
        new DynamoDBLogStorage({ ...options, compress: false }),
        new DynamoDBLogStorage({ ...options, compress: true }),
      ];
      const text = 'very much the same, '.repeat(40_000);
      await plain.putRecord(KEY, { ...recordOf(text), id: '1' });
      await deflating.putRecord(KEY, {
        ...recordOf(text),
        id: '2',
        slot: slotAt(1, 1),
      });
      for (const subject of [plain, deflating]) {
        expect((await loadWhole(subject, KEY)).records.map(({ id, body }) => [id, body])).toEqual([
          ['1', recordOf(text).body],
          ['2', recordOf(text).body],
        ]);
      }
    });

    test('never takes a snapshot that lacks a chunk for a whole one', async () => {
      const { client, aws } = engine();
      for (const missing of [0, 1, 2]) {
        const prefix = `chunks-${missing}`;
        const subject = storage(prefix);
        await subject.putRecord(KEY, recordOf('c'));
        const slot = slotAt(1, 1);
        const { taskId } = KEY;
        const state = TaskState.TASK_STATE_WORKING;
        await subject.putHead(KEY, {
          taskId,
          contextId: 'c',
          state,
          latest: 0,
          writtenAtMs: 1,
          slot,
        });
        const text = randomBytes(350_000).toString('hex');
        await subject.putSnapshot(KEY, { id: 's', slot, text }, 1);
        expect((await loadWhole(subject, KEY)).snapshot?.text === text).toBe(true);
        const Key = new Keys(prefix).chunk(KEY, { id: 's', slot }, missing);
        const deleted = new DeleteCommand({
          TableName: aws.tableName,
          Key,
          ReturnValues: 'ALL_OLD',
        });
        // Three chunks or fewer: the last is not always there.
        if (!(await client.send(deleted)).Attributes) continue;
        expect((await subject.load(KEY)).snapshot).toBeUndefined();
      }
    });

    test.each([
      ['an empty task id', { ...KEY, taskId: '' }],
      ['ill-formed Unicode', { ...KEY, owner: '\udc00' }],
      ['a key that is too long', { ...KEY, owner: 'x'.repeat(1_500) }],
    ])('refuses %s', async (_, key) => {
      const invalid = { code: 'invalid-key' };
      const subject = storage();
      await expect(subject.putRecord(key, recordOf('c'))).rejects.toMatchObject(invalid);
      await expect(subject.load(key)).rejects.toMatchObject(invalid);
    });

    test('rejects with a code if the table does not exist', async () => {
      const { client } = engine();
      const subject = new DynamoDBLogStorage({ client, tableName: 'no-such', prefix: 'p' });
      const missing = { code: 'table-not-found' };
      await expect(subject.putRecord(KEY, recordOf('c'))).rejects.toMatchObject(missing);
      await expect(subject.load(KEY)).rejects.toMatchObject(missing);
      await expect(listedTasks(subject, KEY)).rejects.toMatchObject(missing);
    });

    test('rejects with a code if no call is answered', async () => {
      const client = createDynamoDBClient({
        region: 'us-east-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        endpoint: 'http://127.0.0.1:9',
      });
      const subject = new DynamoDBLogStorage({ client, tableName: 'a2a-local', prefix: 'p' });
      const unreachable = { code: 'unreachable' };
      await expect(subject.check()).rejects.toMatchObject(unreachable);
      await expect(subject.putRecord(KEY, recordOf('c'))).rejects.toMatchObject(unreachable);
      client.destroy();
    });
  });
});
