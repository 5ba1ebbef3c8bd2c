import { cursorStoreSuite } from '@a2a-aws/testkit';
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import {
  DynamoDBCursorStore,
  type DynamoDBCursorStoreOptions,
} from '../src/dynamodb-cursor-store.ts';
import { Keys } from '../src/table/keys.ts';
import { onEachEngine } from './fixtures/engines.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY = 'task//t1';

onEachEngine((name, engine) => {
  let prefixes = 0;
  const options = (prefix = `cursors${prefixes++}`): DynamoDBCursorStoreOptions => {
    const { client, aws } = engine();
    return { client, tableName: aws.tableName, prefix, owner: 'proxy' };
  };

  cursorStoreSuite(`DynamoDBCursorStore on ${name}`, async () => {
    const own = options();
    return {
      store: new DynamoDBCursorStore(own),
      reopen: () => new DynamoDBCursorStore(own),
      dispose: async () => {},
    };
  });

  describe('DynamoDBCursorStore', () => {
    test('[I9] keeps readers, tenants and prefixes apart, whatever their names contain', async () => {
      const own = options();
      const stores = [
        own,
        { ...own, owner: 'other' },
        { ...own, tenant: 'proxy', owner: '' },
        { ...own, tenant: 'a#b', owner: 'c' },
        { ...own, tenant: 'a', owner: 'b#c' },
        { ...own, prefix: `${own.prefix}#R` },
      ].map((each) => new DynamoDBCursorStore(each));
      for (const [n, store] of stores.entries()) await store.set(KEY, `${n}`);
      const values = await Promise.all(stores.map((store) => store.get(KEY)));
      expect(values).toEqual(stores.map((_, n) => `${n}`));
    });

    test('lets DynamoDB remove a position after twice the retention', async () => {
      const own = options();
      const now = 1_700_000_000_000;
      const clock = { now: () => now } as never;
      await new DynamoDBCursorStore({ ...own, retentionMs: DAY_MS, clock }).set(KEY, '1');
      const { Items = [] } = await own.client.send(new ScanCommand({ TableName: own.tableName }));
      const item = Items.find(({ pk }) => String(pk).startsWith(`${own.prefix}#`));
      expect(item?.expires).toBe((now + 2 * DAY_MS) / 1000);
    });

    test('refuses an item of another version, and options that it does not have', async () => {
      const own = options();
      const store = new DynamoDBCursorStore(own);
      const Item = {
        ...new Keys(own.prefix ?? '').cursor({ tenant: '', owner: 'proxy' }, KEY),
        v: 2,
      };
      await own.client.send(new PutCommand({ TableName: own.tableName, Item }));
      await expect(store.get(KEY)).rejects.toMatchObject({ code: 'corrupt-log' });
      const create = (more: object) => () => new DynamoDBCursorStore({ ...own, ...more });
      const refused = expect.objectContaining({ code: 'configuration' });
      expect(create({ retention: 1 })).toThrow(refused);
      expect(create({ retentionMs: 1 })).toThrow(refused);
      expect(create({ tableName: '' })).toThrow(refused);
      expect(create({ owner: 'x'.repeat(2_000) })).toThrow(
        expect.objectContaining({ code: 'invalid-key' }),
      );
    });
  });
});
