import { instanceRegistrySuite } from '@a2a-aws/testkit';
import { describe, expect, test } from 'vitest';
import { DynamoDBInstanceRegistry } from '../src/dynamodb-instance-registry.ts';
import { onEachEngine } from './engines.ts';

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

    test('fails with a code when there is no such table', async () => {
      const { client } = engine();
      const subject = new DynamoDBInstanceRegistry({ client, tableName: 'no-such', prefix: 'p' });
      const missing = { code: 'table-not-found' };
      await expect(subject.register('a', 'q')).rejects.toMatchObject(missing);
      await expect(subject.beat('a', 1)).rejects.toMatchObject(missing);
      await expect(subject.leases()).rejects.toMatchObject(missing);
    });
  });
});
