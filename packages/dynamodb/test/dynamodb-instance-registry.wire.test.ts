import { systemEntropy } from '@a2a-aws/core';
import { newFleetKey } from '@a2a-aws/core/internal';
import { instanceRegistrySuite } from '@a2a-aws/testkit';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBInstanceRegistry } from '../src/dynamodb-instance-registry.ts';
import { Keys } from '../src/table/keys.ts';
import { onEachEngine } from './fixtures/engines.ts';

const KEY = newFleetKey(systemEntropy);

onEachEngine((name, engine) => {
  let prefixes = 0;
  const registry = (prefix = `p${prefixes++}`): DynamoDBInstanceRegistry => {
    const { client, aws } = engine();
    return new DynamoDBInstanceRegistry({ client, tableName: aws.tableName, prefix });
  };

  instanceRegistrySuite(`DynamoDBInstanceRegistry on ${name}`, async () => ({
    registry: registry(),
    dispose: async () => {},
  }));

  describe('DynamoDBInstanceRegistry', () => {
    test('[I7] sees no instance of another agent on the same table', async () => {
      const [ours, theirs] = [registry('x'), registry('x#instances')];
      await theirs.register('a', 'queue');
      expect(await ours.leases()).toEqual([]);
      expect(await ours.lease('a')).toBeUndefined();
    });

    test('[I2] names the fleet of its doorbell keys by table and prefix', async () => {
      const { client, aws } = engine();
      const [one, other] = [registry('one'), registry('other')];
      const { fleet } = await one.doorbellKeys(() => KEY);
      expect(fleet).toContain(aws.tableName);
      expect((await other.doorbellKeys(() => KEY)).fleet).not.toBe(fleet);
      // A copy of the item under another prefix, or in another table, has another identity.
      const at = new Keys('one').doorbellKeys;
      const { Item } = await client.send(new GetCommand({ TableName: aws.tableName, Key: at }));
      const copied = { ...Item, ...new Keys('copy').doorbellKeys };
      await client.send(new PutCommand({ TableName: aws.tableName, Item: copied }));
      const copy = await registry('copy').doorbellKeys(() => KEY);
      expect(copy.keys.map(({ id }) => id)).toEqual([KEY.id]);
      expect(copy.fleet).not.toBe(fleet);
    });

    test.each([
      ['another shape', { v: 1 }],
      ['another version', { v: 2, state: 'alive', beat: 1 }],
      ['no version', { state: 'alive', beat: 1 }],
    ])('fails with a code for rows of %s, or leaves them out', async (_, fields) => {
      const { client, aws } = engine();
      const prefix = `p${prefixes++}`;
      const keys = new Keys(prefix);
      const key = { tenant: '', owner: 'o', taskId: 't' };
      const row = { key, instance: 'a', run: 'r', watch: 'w', purpose: 'execute' } as const;
      for (const at of [
        keys.lease('a'),
        keys.run(row),
        keys.watchIndex(row),
        keys.watch(row),
        keys.leader,
        keys.doorbellKeys,
      ]) {
        const Item = { ...at, ...fields };
        await client.send(new PutCommand({ TableName: aws.tableName, Item }));
      }
      const subject = registry(prefix);
      const corrupt = { code: 'corrupt-log' };
      await expect(subject.lease('a')).rejects.toMatchObject(corrupt);
      expect(await subject.leases()).toEqual([]);
      await expect(subject.register('a', 'q')).rejects.toMatchObject(corrupt);
      await expect(subject.intents('a')).rejects.toMatchObject(corrupt);
      await expect(subject.watches('a')).rejects.toMatchObject(corrupt);
      expect(await subject.watchers(key)).toEqual([]);
      await expect(subject.leader()).rejects.toMatchObject(corrupt);
      await expect(subject.doorbellKeys(() => KEY)).rejects.toMatchObject(corrupt);
    });

    test('rejects with a code if the table does not exist', async () => {
      const { client } = engine();
      const subject = new DynamoDBInstanceRegistry({ client, tableName: 'no-such', prefix: 'p' });
      const missing = { code: 'table-not-found' };
      await expect(subject.register('a', 'q')).rejects.toMatchObject(missing);
      await expect(subject.beat('a', 1)).rejects.toMatchObject(missing);
      await expect(subject.leases()).rejects.toMatchObject(missing);
    });
  });
});
