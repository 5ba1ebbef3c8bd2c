import { randomBytes } from 'node:crypto';
import {
  asGeneration,
  type LogRecord,
  silentLogger,
  systemClock,
  systemEntropy,
} from '@a2a-aws/core';
import { FIRST_SLOT, slotAt, TaskLog } from '@a2a-aws/core/internal';
import { collect, sampleRecord } from '@a2a-aws/testkit';
import { TaskPushNotificationConfig, TaskState } from '@a2a-js/sdk';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBInstanceRegistry } from '../src/dynamodb-instance-registry.ts';
import { DynamoDBLogStorage } from '../src/dynamodb-log-storage.ts';
import { DynamoDBPushNotificationStore } from '../src/dynamodb-push-notification-store.ts';
import { type ItemKey, Keys } from '../src/table/keys.ts';
import { contextOf } from './fixtures/call-contexts.ts';
import { onEachEngine } from './fixtures/engines.ts';
import { storedItems } from './fixtures/stored-items.ts';

const KEY = { tenant: '', owner: 'user', taskId: 'task-1' };
const OTHER = { ...KEY, taskId: 'task-2' };
const NOW = 1_700_000_000_000;
const SECOND = slotAt(1, 1);
const HEAD = {
  taskId: KEY.taskId,
  contextId: 'c',
  state: TaskState.TASK_STATE_WORKING,
  latest: 0,
  writtenAtMs: NOW,
};
const corrupt = expect.objectContaining({ code: 'corrupt-log' });

onEachEngine((_name, engine) => {
  let prefixes = 0;

  /** An agent's corner of the table, and how another release would have left an item of it. */
  const corner = () => {
    const { client, aws } = engine();
    const prefix = `versions-${prefixes++}`;
    const keys = new Keys(prefix);
    const options = { client, tableName: aws.tableName, prefix };
    const logged: string[] = [];
    const logger = { ...silentLogger, warn: (event: string) => logged.push(event) };
    const storage = new DynamoDBLogStorage({ ...options, logger });
    const change = async (Key: ItemKey, field = 'v', value: unknown = 2): Promise<void> => {
      await client.send(
        new UpdateCommand({
          TableName: aws.tableName,
          Key,
          UpdateExpression: 'SET #field = :value',
          ConditionExpression: 'v = :one',
          ExpressionAttributeNames: { '#field': field },
          ExpressionAttributeValues: { ':value': value, ':one': 1 },
        }),
      );
    };
    const items = (): Promise<unknown> => storedItems(engine(), options.prefix, KEY);
    return { options, keys, storage, change, items, logged };
  };

  const loaded = async (storage: DynamoDBLogStorage): Promise<LogRecord[]> =>
    collect((await storage.load(KEY)).records);

  const listedBy = async (storage: DynamoDBLogStorage, contextId?: string): Promise<string[]> => {
    const listed: string[] = [];
    await storage.list(KEY, { contextId, endedSince: 0 }, ({ taskId }) => listed.push(taskId));
    return listed;
  };

  describe('of another release', () => {
    test('a record is refused wherever it is read, and no record is appended behind it', async () => {
      const { storage, keys, change } = corner();
      await storage.putRecord(KEY, sampleRecord('r', FIRST_SLOT));
      const log = new TaskLog(KEY, {
        storage,
        instance: 'i',
        clock: systemClock,
        entropy: systemEntropy,
        logger: silentLogger,
        retentionMs: 30 * 86_400_000,
        signal: new AbortController().signal,
      });
      await change(keys.record(KEY, FIRST_SLOT));
      await expect(loaded(storage)).rejects.toEqual(corrupt);
      await expect(collect(storage.readRecords(KEY, FIRST_SLOT))).rejects.toEqual(corrupt);
      await expect(storage.findRecord(KEY, asGeneration(1))).rejects.toEqual(corrupt);
      await expect(storage.putRecord(KEY, sampleRecord('s', FIRST_SLOT))).rejects.toEqual(corrupt);
      await expect(log.append(() => ({ entries: [] }))).rejects.toEqual(corrupt);
      await expect(log.refresh()).rejects.toEqual(corrupt);
    });

    test('a piece of a record is refused', async () => {
      const { storage, keys, change } = corner();
      const text = randomBytes(400_000).toString('hex');
      await storage.putRecord(KEY, sampleRecord('large', FIRST_SLOT, text));
      await change(keys.part(KEY, 'large', 1));
      await expect(loaded(storage)).rejects.toEqual(corrupt);
    });

    test('a chunk of a snapshot is refused', async () => {
      const { storage, keys, change } = corner();
      await storage.putHead(KEY, { ...HEAD, slot: FIRST_SLOT });
      await storage.putSnapshot(KEY, { id: 's', slot: SECOND, text: 'text' }, NOW);
      await change(keys.chunk(KEY, { id: 's', slot: SECOND }, 0));
      await expect(loaded(storage)).rejects.toEqual(corrupt);
    });

    test('a head is refused by loads, left out of lists, and never overwritten', async () => {
      const { storage, keys, change, items, logged } = corner();
      await storage.putHead(KEY, { ...HEAD, slot: FIRST_SLOT });
      await change(keys.head(KEY));
      const before = await items();
      await expect(loaded(storage)).rejects.toEqual(corrupt);
      await storage.putHead(OTHER, { ...HEAD, taskId: OTHER.taskId, slot: FIRST_SLOT });
      expect(await listedBy(storage)).toEqual([OTHER.taskId]);
      expect(await listedBy(storage, 'c')).toEqual([OTHER.taskId]);
      expect(logged).toEqual(['list.task-left-out', 'list.task-left-out']);
      await expect(storage.putHead(KEY, { ...HEAD, slot: SECOND })).rejects.toEqual(corrupt);
      const snapshot = { id: 's', slot: SECOND, text: 'text' };
      expect(await storage.putSnapshot(KEY, snapshot, NOW)).toMatchObject({
        obsolete: { id: 's' },
      });
      expect(await items()).toMatchObject([
        { sk: expect.stringMatching(/^snap#/) },
        ...(before as []),
      ]);
    });

    test('a push config is refused', async () => {
      const { options, keys, change } = corner();
      const store = new DynamoDBPushNotificationStore(options);
      const config = TaskPushNotificationConfig.fromJSON({ id: 'one', taskId: KEY.taskId });
      await store.save(KEY.taskId, contextOf(), config);
      await change(keys.config(KEY, 'one'));
      await expect(store.load(KEY.taskId, contextOf())).rejects.toEqual(corrupt);
    });

    test.each([
      ['no object', 'null'],
      ['nested too deep', '['.repeat(100_000)],
    ])('a push config that is %s is refused', async (_, text) => {
      const { options, keys, change } = corner();
      const store = new DynamoDBPushNotificationStore(options);
      const config = TaskPushNotificationConfig.fromJSON({ id: 'one', taskId: KEY.taskId });
      await store.save(KEY.taskId, contextOf(), config);
      await change(keys.config(KEY, 'one'), 'config', text);
      await expect(store.load(KEY.taskId, contextOf())).rejects.toEqual(corrupt);
    });

    test('a snapshot of a million chunks is refused, and no chunk is read', async () => {
      const { storage, keys, change } = corner();
      await storage.putHead(KEY, { ...HEAD, slot: FIRST_SLOT });
      await storage.putSnapshot(KEY, { id: 's', slot: SECOND, text: 'text' }, NOW);
      await change(keys.head(KEY), 'sn', 1_000_000);
      await expect(loaded(storage)).rejects.toEqual(corrupt);
    });

    test('a lease is refused, and so is a leader; the other leases are not', async () => {
      const { options, keys, change } = corner();
      const logged: string[] = [];
      const logger = { ...silentLogger, error: (event: string) => logged.push(event) };
      const registry = new DynamoDBInstanceRegistry({ ...options, logger });
      await registry.register('a', 'queue');
      await registry.register('b', 'queue');
      await registry.lead('a', undefined);
      await change(keys.lease('a'));
      await change(keys.leader);
      await expect(registry.lease('a')).rejects.toEqual(corrupt);
      expect(await registry.leases()).toMatchObject([{ instance: 'b' }]);
      expect(logged).toEqual(['registry.row-unreadable']);
      await expect(registry.register('a', 'queue')).rejects.toEqual(corrupt);
      await expect(registry.leader()).rejects.toEqual(corrupt);
    });

    test('the row of a run is refused, and so is that of a watch; other watchers are not', async () => {
      const { options, keys, change } = corner();
      const registry = new DynamoDBInstanceRegistry({ ...options, logger: silentLogger });
      const run = { instance: 'a', run: 'r', key: KEY, purpose: 'execute' } as const;
      const watch = { instance: 'b', watch: 'w', key: KEY };
      await registry.putIntent(run);
      await registry.putIntent({ ...run, run: 's' });
      await registry.putWatch(watch);
      await registry.putWatch({ ...watch, watch: 'x' });
      for (const key of [keys.run(run), keys.watch(watch), keys.watchIndex(watch)]) {
        await change(key);
      }
      await expect(registry.intents('a')).rejects.toEqual(corrupt);
      const unreadable: unknown[] = [];
      const left = await registry.intents('a', (error) => unreadable.push(error));
      expect(left).toEqual([{ ...run, run: 's' }]);
      expect(unreadable).toEqual([corrupt]);
      await expect(registry.watches('b')).rejects.toEqual(corrupt);
      expect(await registry.watches('b', (error) => unreadable.push(error))).toEqual([
        { ...watch, watch: 'x' },
      ]);
      expect(unreadable).toEqual([corrupt, corrupt]);
      expect(await registry.watchers(KEY)).toEqual([{ watch: 'x', instance: 'b' }]);
    });
  });
});
