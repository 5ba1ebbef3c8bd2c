import { FIRST_SLOT } from '@a2a-aws/core/internal';
import { pushLedgerSuite } from '@a2a-aws/testkit';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage, type DynamoDBStorageOptions } from '../src/dynamodb-log-storage.ts';
import { DynamoDBPushLedger } from '../src/dynamodb-push-ledger.ts';
import { Keys } from '../src/table/keys.ts';
import { onEachEngine } from './fixtures/engines.ts';

const KEY = { tenant: '', owner: 'owner', taskId: 'task-1' };
const CLAIM = { instance: 'a', turn: 1 };
const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = 1_700_000_000_000;

onEachEngine((name, engine) => {
  let prefixes = 0;
  const options = (prefix = `p${prefixes++}`): DynamoDBStorageOptions => {
    const { client, aws } = engine();
    return { client, tableName: aws.tableName, prefix, retentionMs: DAY_MS };
  };

  pushLedgerSuite(`DynamoDBPushLedger on ${name}`, async () => ({
    ledger: new DynamoDBPushLedger(options()),
    dispose: async () => {},
  }));

  describe('DynamoDBPushLedger', () => {
    const item = async ({ client, tableName, prefix }: DynamoDBStorageOptions) => {
      const Key = new Keys(prefix).pushes(KEY);
      return (await client.send(new GetCommand({ TableName: tableName, Key }))).Item;
    };

    test('[I7] is kept for twice the retention after the last write', async () => {
      const own = options();
      const ledger = new DynamoDBPushLedger(own);
      await ledger.claim(KEY, CLAIM, NOW);
      await ledger.save(KEY, CLAIM, new Map(), NOW + 5_000);
      expect((await item(own))?.expires).toBe((NOW + 5_000 + 2 * DAY_MS) / 1000);
    });

    test('is no part of the log, and is erased with it', async () => {
      const own = options();
      const ledger = new DynamoDBPushLedger(own);
      const storage = new DynamoDBLogStorage(own);
      await ledger.claim(KEY, CLAIM, NOW);
      for await (const record of storage.readRecords(KEY, FIRST_SLOT)) expect(record).toBe('none');
      await storage.erase(KEY);
      expect(await item(own)).toBeUndefined();
    });

    test('reports an item of another version', async () => {
      const own = options();
      const key = new Keys(own.prefix).pushes(KEY);
      const newer = new PutCommand({ TableName: own.tableName, Item: { ...key, v: 2, turn: 1 } });
      await own.client.send(newer);
      const read = new DynamoDBPushLedger(own).read(KEY);
      await expect(read).rejects.toMatchObject({ code: 'corrupt-log' });
    });
  });
});
