import { CONTEXT_INDEX, OWNER_INDEX, tableDefinition } from '@a2a-aws/dynamodb';
import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { FakeAws, type FakeClients, steady, VirtualClock } from '../../src/fakes/index.ts';

const TableName = 'fake';
const INDEXES = [OWNER_INDEX, CONTEXT_INDEX];

let aws: FakeAws;
let table: FakeClients['dynamodb'];

beforeEach(() => {
  aws = new FakeAws({ tables: [tableDefinition(TableName)] });
  table = aws.clients().dynamodb;
});

const put = (sk: string, fields: object = {}): Promise<unknown> =>
  table.send(new PutCommand({ TableName, Item: { pk: 'p', sk, ...fields } }));

const query = (more: object = {}): Promise<QueryCommandOutput> =>
  table.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ...more,
      ExpressionAttributeValues: {
        ':pk': 'p',
        ...(more as { ExpressionAttributeValues?: object }).ExpressionAttributeValues,
      },
    }),
  );

const keys = ({ Items }: QueryCommandOutput): unknown[] => (Items ?? []).map(({ sk }) => sk);

describe('conditions', () => {
  const update = (ConditionExpression: string, names: object, values: object): Promise<unknown> =>
    table.send(
      new UpdateCommand({
        TableName,
        Key: { pk: 'p', sk: 'a' },
        UpdateExpression: 'SET seen = :now',
        ConditionExpression,
        ...(Object.keys(names).length > 0
          ? { ExpressionAttributeNames: names as Record<string, string> }
          : {}),
        ExpressionAttributeValues: { ':now': 1, ...values },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );

  test.each([
    ['attribute_exists(sk)', {}, {}],
    ['n = :n', {}, { ':n': 7 }],
    ['#n BETWEEN :low AND :high', { '#n': 'n' }, { ':low': 7, ':high': 8 }],
    ['(n < :n OR #t = :t) AND attribute_not_exists(gone)', { '#t': 't' }, { ':n': 1, ':t': 'x' }],
    ['NOT n > :n', {}, { ':n': 7 }],
    ['other <> :n', {}, { ':n': 7 }],
    ['n IN (:a, :b)', {}, { ':a': 1, ':b': 7 }],
    ['begins_with(t, :t)', {}, { ':t': '' }],
  ])('%s holds', async (expression, names, values) => {
    await put('a', { n: 7, t: 'x' });
    await expect(update(expression, names, values)).resolves.toBeDefined();
  });

  test.each([
    ['attribute_not_exists(sk)', {}],
    ['n = :n', { ':n': '7' }],
    ['n < :n', { ':n': 7 }],
    ['other > :n', { ':n': 0 }],
    ['n = :n AND t = :t', { ':n': 7, ':t': 'y' }],
  ])('%s does not hold', async (expression, values) => {
    await put('a', { n: 7, t: 'x' });
    await expect(update(expression, {}, values)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { n: { N: '7' }, t: { S: 'x' } },
    });
  });

  test.each([
    ['n = :unknown', {}],
    ['n = :n', { ':n': 7, ':unused': 1 }],
    ['a.b = :n', { ':n': 7 }],
    ['size(n) = :n', { ':n': 7 }],
    ['n = :n AND', { ':n': 7 }],
  ])('%s is refused', async (expression, values) => {
    await expect(update(expression, {}, values)).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('updates', () => {
  const update = (UpdateExpression: string, values: object = {}): Promise<unknown> =>
    table.send(
      new UpdateCommand({
        TableName,
        Key: { pk: 'p', sk: 'a' },
        UpdateExpression,
        ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: { ...values } } : {}),
      }),
    );

  test('set, count, keep and remove', async () => {
    await put('a', { n: 1, old: 'x', kept: 'y' });
    await update('SET n = n + :one, t = :t, kept = if_not_exists(kept, :t) REMOVE old', {
      ':one': 1,
      ':t': 't',
    });
    expect([...aws.dynamodb.items()]).toEqual([{ pk: 'p', sk: 'a', n: 2, t: 't', kept: 'y' }]);
  });

  test('create a missing item', async () => {
    await update('ADD n :one', { ':one': 1 });
    expect([...aws.dynamodb.items()]).toEqual([{ pk: 'p', sk: 'a', n: 1 }]);
  });

  test('do not move an item', async () => {
    await expect(update('SET sk = :sk', { ':sk': 'b' })).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });
});

describe('queries', () => {
  test('go by UTF-8 bytes, in both directions', async () => {
    for (const sk of ['b', '\u{10ffff}', 'a', '\uffff', 'B', 'é']) await put(sk);
    const order = ['B', 'a', 'b', 'é', '\uffff', '\u{10ffff}'];
    expect(keys(await query())).toEqual(order);
    expect(keys(await query({ ScanIndexForward: false }))).toEqual(order.reverse());
  });

  test.each([
    ['pk = :pk AND sk BETWEEN :a AND :b', ['b', 'c']],
    ['pk = :pk AND sk > :a AND pk = :pk', undefined],
    ['sk = :a', undefined],
  ])('by %s', async (KeyConditionExpression, expected) => {
    for (const sk of ['a', 'b', 'c', 'd']) await put(sk);
    const values: Record<string, string> = { ':a': 'b', ':b': 'c' };
    for (const name of Object.keys(values)) {
      if (!KeyConditionExpression.includes(name)) delete values[name];
    }
    const answer = query({ KeyConditionExpression, ExpressionAttributeValues: values });
    if (expected) expect(keys(await answer)).toEqual(expected);
    else await expect(answer).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('end a page after 1 MB, or a limit, and continue behind it', async () => {
    for (const sk of ['a', 'b', 'c', 'd']) await put(sk, { b: new Uint8Array(300 * 1024) });
    const first = await query();
    expect(keys(first)).toEqual(['a', 'b', 'c']);
    const next = await query({ ExclusiveStartKey: first.LastEvaluatedKey });
    expect(keys(next)).toEqual(['d']);
    expect(next.LastEvaluatedKey).toBeUndefined();
    const limited = await query({ Limit: 1, ScanIndexForward: false });
    expect(keys(limited)).toEqual(['d']);
    const before = await query({
      ExclusiveStartKey: limited.LastEvaluatedKey,
      ScanIndexForward: false,
    });
    expect(keys(before)).toEqual(['c', 'b', 'a']);
  });

  test('filter after reading', async () => {
    for (const [at, sk] of ['a', 'b', 'c'].entries()) await put(sk, { n: at });
    const filtered = await query({
      FilterExpression: 'n >= :n',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':n': 1 },
    });
    expect(filtered).toMatchObject({ Items: [{ sk: 'b' }, { sk: 'c' }], Count: 2 });
    expect(filtered.ScannedCount).toBe(3);
  });
});

describe('indexes', () => {
  const listed = (partition: string): Promise<QueryCommandOutput> =>
    table.send(
      new QueryCommand({
        TableName,
        IndexName: OWNER_INDEX.name,
        KeyConditionExpression: 'opk = :p',
        ExpressionAttributeValues: { ':p': partition },
      }),
    );

  test('hold the present items with their keys, and only the attributes that they copy', async () => {
    await put('a', { opk: 'o1', ssk: 's', t: 1, other: 'x' });
    await put('b', { opk: 'o1' });
    expect((await listed('o1')).Items).toEqual([{ pk: 'p', sk: 'a', opk: 'o1', ssk: 's', t: 1 }]);
    await put('a', { opk: 'o2', ssk: 's' });
    expect((await listed('o1')).Items).toEqual([]);
    expect((await listed('o2')).Items).toHaveLength(1);
    await table.send(new DeleteCommand({ TableName, Key: { pk: 'p', sk: 'a' } }));
    expect((await listed('o2')).Items).toEqual([]);
  });

  test('hold items of the same key side by side, and page between them', async () => {
    for (const sk of ['a', 'b', 'c']) await put(sk, { opk: 'o', ssk: 's' });
    const seen: unknown[] = [];
    let ExclusiveStartKey: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page: QueryCommandOutput = await table.send(
        new QueryCommand({
          TableName,
          IndexName: OWNER_INDEX.name,
          KeyConditionExpression: 'opk = :p',
          ExpressionAttributeValues: { ':p': 'o' },
          Limit: 1,
          ExclusiveStartKey,
        }),
      );
      seen.push(...keys(page));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  test('lag, and never go back', async () => {
    const clock = new VirtualClock();
    const lags = [500, 100];
    const faults = { ...steady(), indexLag: () => lags.shift() ?? 0 };
    aws = new FakeAws({ clock, faults, tables: [{ ...tableDefinition(TableName) }] });
    table = aws.clients().dynamodb;
    const definition = tableDefinition(TableName);
    expect(definition.GlobalSecondaryIndexes).toHaveLength(INDEXES.length);
    await put('a', { opk: 'o', ssk: '1' });
    expect((await listed('o')).Items).toEqual([]);
    await put('a', { opk: 'o', ssk: '2' });
    await clock.advance(600);
    expect((await listed('o')).Items).toMatchObject([{ ssk: '2' }]);
  });
});

describe('units', () => {
  const spent = (operation: string): number => aws.meter.of('dynamodb', operation).writeUnits;

  test('of a write: the larger of before and after, by the kilobyte', async () => {
    await put('a', { t: 'x'.repeat(1_000) });
    expect(spent('PutItem')).toBe(1);
    await put('a', { t: 'x'.repeat(3_000) });
    expect(spent('PutItem')).toBe(1 + 3);
    await put('a');
    expect(spent('PutItem')).toBe(1 + 3 + 3);
    await table.send(new DeleteCommand({ TableName, Key: { pk: 'p', sk: 'none' } }));
    expect(spent('DeleteItem')).toBe(1);
  });

  test('of a refused write: those of the stored item', async () => {
    await put('a', { t: 'x'.repeat(2_500) });
    const refused = new PutCommand({
      TableName,
      Item: { pk: 'p', sk: 'a' },
      ConditionExpression: 'attribute_not_exists(sk)',
    });
    await expect(table.send(refused)).rejects.toThrow();
    expect(spent('PutItem')).toBe(3 + 3);
  });

  test('of indexes: a copy that changed, twice if it moved', async () => {
    await put('a', { opk: 'o', ssk: '1', cpk: 'c' });
    expect(spent('PutItem')).toBe(3);
    await put('a', { opk: 'o', ssk: '1', cpk: 'c', other: 1 });
    expect(spent('PutItem')).toBe(3 + 1);
    await put('a', { opk: 'o', ssk: '1', cpk: 'c', t: 1 });
    expect(spent('PutItem')).toBe(4 + 3);
    await put('a', { opk: 'o', ssk: '2', cpk: 'c', t: 1 });
    expect(spent('PutItem')).toBe(7 + 5);
  });

  test('of reads: by four kilobytes, half of them where an old answer would do', async () => {
    await put('a', { t: 'x'.repeat(6_000) });
    const Key = { pk: 'p', sk: 'a' };
    await table.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    expect(aws.meter.of('dynamodb', 'GetItem').readUnits).toBe(2);
    await table.send(new GetCommand({ TableName, Key }));
    expect(aws.meter.of('dynamodb', 'GetItem').readUnits).toBe(3);
    await put('b', { t: 'x'.repeat(6_000) });
    await query({ ConsistentRead: true });
    expect(aws.meter.of('dynamodb', 'Query').readUnits).toBe(3);
  });
});

test('refuses items that no table can hold', async () => {
  const invalid = { name: 'ValidationException' };
  await expect(put('a', { b: new Uint8Array(400 * 1024) })).rejects.toMatchObject(invalid);
  await expect(put('')).rejects.toMatchObject(invalid);
  await expect(put('x'.repeat(1_025))).rejects.toMatchObject(invalid);
  const missing = new GetCommand({ TableName: 'none', Key: { pk: 'p', sk: 's' } });
  await expect(table.send(missing)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('a copy of a table has the items of that moment, and is written to by itself', async () => {
  await put('a', { n: 1 });
  aws.dynamodb.copyTable(TableName, 'copy');
  await put('b');
  await table.send(new PutCommand({ TableName: 'copy', Item: { pk: 'p', sk: 'c' } }));
  const sortKeys = (name: string): unknown[] =>
    [...aws.dynamodb.items(name)].map(({ sk }) => sk).sort();
  expect(sortKeys(TableName)).toEqual(['a', 'b']);
  expect(sortKeys('copy')).toEqual(['a', 'c']);
});
