import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { Table } from '../../src/table/table.ts';
import { tableDefinition } from '../../src/table/table-definition.ts';
import { onEachEngine } from '../fixtures/engines.ts';

const wanted = tableDefinition('odd');

/** Attributes may be defined only if a key uses them. */
const withUsedAttributes = (input: CreateTableCommandInput): CreateTableCommandInput => {
  const schemas = [
    input.KeySchema,
    ...(input.GlobalSecondaryIndexes ?? []).map((i) => i.KeySchema),
  ];
  const used = new Set(schemas.flatMap((keys) => keys?.map((key) => key.AttributeName) ?? []));
  return {
    ...input,
    AttributeDefinitions: [...used].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  };
};

const indexes = wanted.GlobalSecondaryIndexes ?? [];
const { GlobalSecondaryIndexes: _, ...unindexed } = wanted;

onEachEngine((_name, engine) => {
  let tables = 0;

  describe('the check of a table', () => {
    test('takes the table of the definition', async () => {
      const { client, aws } = engine();
      await expect(new Table(client, aws.tableName).check()).resolves.toBeUndefined();
    });

    test('reports a table that does not exist', async () => {
      await expect(new Table(engine().client, 'no-such').check()).rejects.toMatchObject({
        code: 'table-not-found',
      });
    });

    test.each<[string, CreateTableCommandInput]>([
      ['no index', unindexed],
      ['one index too few', { ...wanted, GlobalSecondaryIndexes: indexes.slice(1) }],
      [
        'an index of other keys',
        {
          ...wanted,
          GlobalSecondaryIndexes: indexes.map((index) => ({
            ...index,
            KeySchema: [{ AttributeName: 'opk', KeyType: 'HASH' }],
          })),
        },
      ],
      [
        'other keys',
        {
          ...wanted,
          KeySchema: [
            { AttributeName: 'id', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        },
      ],
      ['no sort key', { ...wanted, KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] }],
    ])('reports a table with %s', async (_case, input) => {
      const { client } = engine();
      // Deleting takes its time: no name is used twice.
      const TableName = `odd-${tables++}`;
      await client.send(new CreateTableCommand(withUsedAttributes({ ...input, TableName })));
      try {
        await expect(new Table(client, TableName).check()).rejects.toMatchObject({
          code: 'table-mismatch',
        });
      } finally {
        await client.send(new DeleteTableCommand({ TableName }));
      }
    });
  });
});
