import { FIRST_SLOT, placeAt } from '@a2a-aws/core/internal';
import { consumerOffsetsSuite } from '@a2a-aws/testkit';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBConsumerOffsets } from '../src/dynamodb-consumer-offsets.ts';
import { DynamoDBLogStorage, type DynamoDBStorageOptions } from '../src/dynamodb-log-storage.ts';
import { Keys } from '../src/table/keys.ts';
import { onEachEngine } from './fixtures/engines.ts';

const KEY = { tenant: '', owner: 'owner', taskId: 'task-1' };
const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = 1_700_000_000_000;

onEachEngine((name, engine) => {
  let prefixes = 0;
  const options = (prefix = `p${prefixes++}`): DynamoDBStorageOptions => {
    const { client, aws } = engine();
    return { client, tableName: aws.tableName, prefix, retentionMs: DAY_MS };
  };

  consumerOffsetsSuite(`DynamoDBConsumerOffsets on ${name}`, async () => ({
    offsets: new DynamoDBConsumerOffsets(options()),
    dispose: async () => {},
  }));

  describe('DynamoDBConsumerOffsets', () => {
    const item = async ({ client, tableName, prefix }: DynamoDBStorageOptions) => {
      const Key = new Keys(prefix).consumer(KEY, 'audit');
      const read = await client.send(new GetCommand({ TableName: tableName, Key }));
      return read.Item;
    };

    test('[I7] are kept for twice the retention after the last acknowledgement', async () => {
      const own = options();
      const offsets = new DynamoDBConsumerOffsets(own);
      await offsets.save(KEY, 'audit', placeAt(1), NOW);
      await offsets.save(KEY, 'audit', placeAt(2), NOW + 5_000);
      expect((await item(own))?.expires).toBe((NOW + 5_000 + 2 * DAY_MS) / 1000);
    });

    test('are no part of the log, and are erased with it', async () => {
      const own = options();
      const offsets = new DynamoDBConsumerOffsets(own);
      const storage = new DynamoDBLogStorage(own);
      await offsets.save(KEY, 'audit', placeAt(1), NOW);
      for await (const record of storage.readRecords(KEY, FIRST_SLOT)) expect(record).toBe('none');
      expect((await storage.load(KEY)).head).toBeUndefined();
      await storage.erase(KEY);
      expect(await item(own)).toBeUndefined();
    });

    test('report an item of another version', async () => {
      const own = options();
      const key = new Keys(own.prefix).consumer(KEY, 'audit');
      const newer = new PutCommand({ TableName: own.tableName, Item: { ...key, v: 2, gen: 1 } });
      await own.client.send(newer);
      const load = new DynamoDBConsumerOffsets(own).load(KEY, 'audit');
      await expect(load).rejects.toMatchObject({ code: 'corrupt-log' });
    });
  });
});
