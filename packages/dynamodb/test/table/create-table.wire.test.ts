import { type Logger, silentLogger } from '@a2a-aws/core';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../../src/dynamodb-log-storage.ts';
import { createTable } from '../../src/table/create-table.ts';
import { tableDefinition } from '../../src/table/table-definition.ts';
import { onEachEngine } from '../fixtures/engines.ts';

onEachEngine((name, engine) => {
  const expires = name === 'dynoxide';
  let tables = 0;

  const withTable = async (work: (name: string) => Promise<void>): Promise<void> => {
    const TableName = `created-${tables++}`;
    try {
      await work(TableName);
    } finally {
      await engine().client.send(new DeleteTableCommand({ TableName }));
    }
  };

  /** The warnings of a check of the table. */
  const warnings = async (tableName: string): Promise<string[]> => {
    const warned: string[] = [];
    const warn = (event: string): number => warned.push(event);
    const logger: Logger = { ...silentLogger, warn };
    const { client } = engine();
    await new DynamoDBLogStorage({ client, tableName, prefix: 'p', logger }).check();
    return warned;
  };

  describe('createTable', () => {
    test('creates the required table, and may be repeated', async () => {
      await withTable(async (TableName) => {
        const { client } = engine();
        await createTable(client, TableName);
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        const { KeySchema, AttributeDefinitions } = tableDefinition(TableName);
        expect(Table).toMatchObject({ TableStatus: 'ACTIVE', KeySchema, AttributeDefinitions });
        await createTable(client, TableName);
        expect(await warnings(TableName)).toEqual(expires ? [] : ['table.keeps-expired']);
      });
    });

    test.skipIf(!expires)('switches expiry on, also for an existing table', async () => {
      await withTable(async (TableName) => {
        const { client } = engine();
        await client.send(new CreateTableCommand(tableDefinition(TableName)));
        expect(await warnings(TableName)).toEqual(['table.keeps-expired']);
        await createTable(client, TableName);
        const { TimeToLiveDescription } = await client.send(
          new DescribeTimeToLiveCommand({ TableName }),
        );
        expect(TimeToLiveDescription).toMatchObject({
          TimeToLiveStatus: 'ENABLED',
          AttributeName: 'expires',
        });
        expect(await warnings(TableName)).toEqual([]);
      });
    });

    test('refuses another table of that name, and leaves it as it is', async () => {
      await withTable(async (TableName) => {
        const { client } = engine();
        const other = {
          ...tableDefinition(TableName),
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' as const }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' as const }],
          GlobalSecondaryIndexes: undefined,
        };
        await client.send(new CreateTableCommand(other));
        const mismatch = { code: 'table-mismatch' };
        await expect(createTable(client, TableName)).rejects.toMatchObject(mismatch);
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        expect(Table?.KeySchema).toEqual(other.KeySchema);
      });
    });

    test('fails with a code for a name that no table can have', async () => {
      await expect(createTable(engine().client, 'no name')).rejects.toMatchObject({
        code: 'table-mismatch',
      });
    });
  });
});
