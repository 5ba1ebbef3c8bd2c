import { createDynamoDBClient, OWNER_INDEX, tableDefinition } from '@a2a-aws/dynamodb';
import { type LocalAws, startLocalAws } from '@a2a-aws/local';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FakeAws } from '../../src/fakes/index.ts';

// A machine under load may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

type Client = Pick<DynamoDBDocumentClient, 'send'>;
type Call = (client: Client, TableName: string) => Promise<object>;

const number = fc.integer({ min: -3, max: 12 });
const text = fc.constantFrom('', 'a', 'ab', 'b', 'é', '\u{10ffff}', '\uffff');
const key = fc.record({
  pk: fc.constantFrom('p', 'q'),
  sk: fc.constantFrom('a', 'a#1', 'a#2', 'b', 'é', '\uffff', '\u{10ffff}'),
});
const fields = fc.record(
  {
    n: number,
    t: text,
    opk: fc.constantFrom('o', 'o2'),
    ssk: fc.constantFrom('1', '2'),
    list: fc.array(number, { maxLength: 2 }),
    flag: fc.boolean(),
    none: fc.constant(undefined),
  },
  { requiredKeys: [] },
);

const conditions: fc.Arbitrary<{ expression: string; values: Record<string, unknown> }> = fc
  .tuple(
    fc.constantFrom(
      'attribute_exists(sk)',
      'attribute_not_exists(sk)',
      'attribute_not_exists(#n) OR #n < :n',
      '(attribute_not_exists(#n) OR #n <= :n) AND attribute_not_exists(#t)',
      '#n = :n',
      '#n <> :n',
      'NOT #n > :n',
      '#n BETWEEN :n AND :m',
      '#n IN (:n, :m)',
      'begins_with(#t, :t)',
      '#t >= :t AND #n < :n',
    ),
    number,
    number,
    text,
  )
  .map(([expression, n, m, t]) => {
    const all: Record<string, unknown> = { ':n': Math.min(n, m), ':m': Math.max(n, m), ':t': t };
    return {
      expression,
      values: Object.fromEntries(Object.entries(all).filter(([name]) => expression.includes(name))),
    };
  });

const names = (...expressions: string[]): Record<string, string> | undefined => {
  const used = ['n', 't'].filter((name) => expressions.some((one) => one.includes(`#${name}`)));
  if (used.length === 0) return undefined;
  return Object.fromEntries(used.map((name) => [`#${name}`, name]));
};
const given = (values: Record<string, unknown>): Record<string, unknown> | undefined =>
  Object.keys(values).length > 0 ? values : undefined;

const put: fc.Arbitrary<Call> = fc.tuple(key, fields, fc.option(conditions)).map(
  ([at, item, condition]) =>
    (client, TableName) =>
      client.send(
        new PutCommand({
          TableName,
          Item: { ...at, ...item },
          ...(condition && {
            ConditionExpression: condition.expression,
            ExpressionAttributeNames: names(condition.expression),
            ExpressionAttributeValues: given(condition.values),
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
          ReturnValues: 'ALL_OLD',
        }),
      ),
);

const updates: fc.Arbitrary<Call> = fc
  .tuple(
    key,
    fc.constantFrom('SET #n = :x', 'SET #n = if_not_exists(#n, :x) REMOVE #t', 'ADD #n :x'),
    number,
    fc.option(conditions),
  )
  .map(
    ([Key, expression, x, condition]) =>
      (client, TableName) =>
        client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: expression,
            ExpressionAttributeNames: names(expression, condition?.expression ?? ''),
            ExpressionAttributeValues: { ':x': x, ...condition?.values },
            ...(condition && { ConditionExpression: condition.expression }),
            // With ALL_OLD the engine shows the key of an item that was not there.
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
  );

const remove: fc.Arbitrary<Call> = fc.tuple(key, fc.option(conditions)).map(
  ([Key, condition]) =>
    (client, TableName) =>
      client.send(
        new DeleteCommand({
          TableName,
          Key,
          ...(condition && {
            ConditionExpression: condition.expression,
            ExpressionAttributeNames: names(condition.expression),
            ExpressionAttributeValues: given(condition.values),
          }),
          ReturnValues: 'ALL_OLD',
        }),
      ),
);

const get: fc.Arbitrary<Call> = key.map(
  (Key) => (client, TableName) =>
    client.send(new GetCommand({ TableName, Key, ConsistentRead: true })),
);

const query: fc.Arbitrary<Call> = fc
  .tuple(
    fc.constantFrom(
      'pk = :p',
      'pk = :p AND sk BETWEEN :a AND :b',
      'pk = :p AND sk > :a',
      'pk = :p AND sk <= :b',
      'pk = :p AND begins_with(sk, :a)',
    ),
    fc.constantFrom('p', 'q'),
    fc.boolean(),
    fc.option(fc.integer({ min: 1, max: 4 })),
    fc.option(key),
  )
  .map(([expression, p, forward, limit, after]) => (client, TableName) => {
    const all: Record<string, string> = { ':p': p, ':a': 'a#', ':b': 'é' };
    const values = Object.entries(all).filter(([name]) => expression.includes(name));
    const isWhole = expression === 'pk = :p';
    return client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: expression,
        ExpressionAttributeValues: Object.fromEntries(values),
        ScanIndexForward: forward,
        ...(limit !== null && { Limit: limit }),
        ...(isWhole && after && { ExclusiveStartKey: { ...after, pk: p } }),
      }),
    );
  });

const indexed: fc.Arbitrary<Call> = fc.tuple(fc.constantFrom('o', 'o2'), fc.boolean()).map(
  ([p, forward]) =>
    (client, TableName) =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: OWNER_INDEX.name,
          KeyConditionExpression: 'opk = :p',
          ExpressionAttributeValues: { ':p': p },
          ScanIndexForward: forward,
        }),
      ),
);

/** The outcome of a call, as far as it can be compared. */
async function outcome(call: Call, client: Client, tableName: string): Promise<unknown> {
  try {
    const { $metadata: _, ...answer } = (await call(client, tableName)) as { $metadata: unknown };
    return answer;
  } catch (error) {
    const { name, Item } = error as { name: string; Item?: unknown };
    return { name, Item };
  }
}

// The engine is a binary for this one platform.
describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('on dynoxide', () => {
  let aws: LocalAws;
  let engine: DynamoDBDocumentClient;
  let tables = 0;

  beforeAll(async () => {
    aws = await startLocalAws({ dynamodb: 'dynoxide' });
    const { region, credentials, dynamodb } = aws.clientConfig;
    engine = createDynamoDBClient({ region, credentials, ...dynamodb });
  });

  afterAll(async () => {
    engine.destroy();
    await aws.stop();
  });

  test('every sequence of calls has the same result as on the fake', async () => {
    const call = fc.oneof(put, put, updates, updates, remove, get, query, query, indexed);
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 30 }), async (calls) => {
        const tableName = `compared-${tables++}`;
        const definition = tableDefinition(tableName);
        await engine.send(new CreateTableCommand(definition));
        const fake = new FakeAws({ tables: [definition] }).clients().dynamodb;
        for (const one of calls) {
          expect(await outcome(one, fake, tableName)).toEqual(
            await outcome(one, engine, tableName),
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});
