import { BackendError } from '@a2a-aws/core';
import { DescribeTableCommand, type KeySchemaElement } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { translated } from './dynamodb-error.ts';
import { tableDefinition } from './table-definition.ts';

/** Item attributes as lib-dynamodb gives them. */
export type Item = Record<string, unknown> & { readonly sk?: unknown };

/** One range of one partition, of the table or of an index. */
export interface Range {
  readonly partition: string;
  readonly from: string;
  readonly to: string;
  /** Highest sort key first. */
  readonly reverse?: boolean;
}

/** Pages through a range of the table, strongly consistent; fails with a coded error. */
export async function* readRange(
  client: DynamoDBDocumentClient,
  tableName: string,
  range: Range,
): AsyncIterable<Item> {
  yield* query(client, {
    TableName: tableName,
    ConsistentRead: true,
    ScanIndexForward: !range.reverse,
    KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :from AND :to',
    ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
    ExpressionAttributeValues: { ':pk': range.partition, ':from': range.from, ':to': range.to },
  });
}

/** Pages through a query; fails with a coded error. */
export async function* query(
  client: DynamoDBDocumentClient,
  input: QueryCommandInput,
): AsyncIterable<Item> {
  let start: QueryCommandInput['ExclusiveStartKey'];
  do {
    const page: QueryCommandOutput = await translated(
      client.send(new QueryCommand({ ...input, ExclusiveStartKey: start })),
    );
    yield* page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start);
}

/** Fails with `table-not-found` or `table-mismatch` if the table is not what is needed. */
export async function checkTable(client: DynamoDBDocumentClient, tableName: string): Promise<void> {
  const described = await translated(
    client.send(new DescribeTableCommand({ TableName: tableName })),
  );
  const wanted = tableDefinition(tableName);
  const table = described.Table;
  if (!sameKeys(table?.KeySchema, wanted.KeySchema)) {
    throw new BackendError('table-mismatch', 'The table has other keys than are needed.');
  }
  for (const index of wanted.GlobalSecondaryIndexes ?? []) {
    const found = table?.GlobalSecondaryIndexes?.find(
      (candidate) => candidate.IndexName === index.IndexName,
    );
    if (!found || !sameKeys(found.KeySchema, index.KeySchema)) {
      throw new BackendError(
        'table-mismatch',
        'The table lacks an index that is needed, or the index has other keys.',
      );
    }
  }
}

function sameKeys(
  found: readonly KeySchemaElement[] | undefined,
  wanted: readonly KeySchemaElement[] | undefined,
): boolean {
  const text = (keys: readonly KeySchemaElement[] | undefined): string =>
    JSON.stringify(keys?.map((key) => [key.AttributeName, key.KeyType]));
  return text(found) === text(wanted);
}
