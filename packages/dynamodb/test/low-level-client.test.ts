import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDynamoDBClient } from '../src/clients.ts';

interface Request {
  readonly operation: string | undefined;
  readonly body: unknown;
  readonly answer: ServerResponse;
}

let server: Server;
let client: DynamoDBDocumentClient;
let requests: Request[];
/** Answers each request; without it, requests wait. */
let answer: ((response: ServerResponse) => void) | undefined;

beforeEach(async () => {
  requests = [];
  answer = (response) => response.end('{}');
  server = createServer((request, response) => void receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = createDynamoDBClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
});

afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const piece of request) body += String(piece);
  const operation = String(request.headers['x-amz-target']).split('.')[1];
  requests.push({ operation, body: JSON.parse(body), answer: response });
  answer?.(response);
}

const put = (more: Partial<PutCommandInput> = {}): PutCommand =>
  new PutCommand({ TableName: 'table', Item: { pk: 'p', n: 7, none: undefined }, ...more });

test('a put sends the attributes of a document client', async () => {
  const bytes = new Uint8Array([1, 2, 255]);
  await client.send(put({ Item: { pk: 'p', n: 7, yes: true, bytes, none: undefined } }));
  expect(requests[0]).toMatchObject({
    operation: 'PutItem',
    body: {
      TableName: 'table',
      Item: { pk: { S: 'p' }, n: { N: '7' }, yes: { BOOL: true }, bytes: { B: 'AQL/' } },
    },
  });
});

test('a put with values in its condition goes through the document client', async () => {
  await client.send(put({ ConditionExpression: 'n < :n', ExpressionAttributeValues: { ':n': 8 } }));
  expect(requests[0]?.body).toMatchObject({ ExpressionAttributeValues: { ':n': { N: '8' } } });
});

test('a refused put rejects with the item that refused it', async () => {
  answer = (response) => {
    response.statusCode = 400;
    response.end(
      JSON.stringify({
        __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
        message: 'The conditional request failed',
        Item: { pk: { S: 'other' } },
      }),
    );
  };
  const refused = client.send(put({ ConditionExpression: 'attribute_not_exists(sk)' }));
  await expect(refused).rejects.toMatchObject({
    name: 'ConditionalCheckFailedException',
    Item: { pk: { S: 'other' } },
  });
});

test('calls of one kind at the same time keep their inputs and outputs apart', async () => {
  answer = undefined;
  const outputs = Array.from({ length: 20 }, (_, n) =>
    client.send(
      new QueryCommand({
        TableName: 'table',
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: String(n) } },
      }),
    ),
  );
  await expect.poll(() => requests).toHaveLength(20);
  for (const { body, answer: response } of requests.toReversed()) {
    const { ExpressionAttributeValues } = body as { ExpressionAttributeValues: { ':pk': unknown } };
    response.end(JSON.stringify({ Items: [{ pk: ExpressionAttributeValues[':pk'] }] }));
  }
  for (const [n, output] of outputs.entries()) {
    expect((await output).Items).toEqual([{ pk: { S: String(n) } }]);
  }
});

test('a signal aborts its call, and no other', async () => {
  answer = undefined;
  const leaver = new AbortController();
  const other = client.send(put(), { abortSignal: new AbortController().signal });
  const left = client.send(put(), { abortSignal: leaver.signal });
  const rejected = expect(left).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => requests).toHaveLength(2);
  leaver.abort();
  await rejected;
  for (const { answer: response } of requests) response.end('{}');
  await expect(other).resolves.toBeDefined();
  expect(requests).toHaveLength(2);
});

test('a call that fails once is tried again', async () => {
  let calls = 0;
  answer = (response) => {
    calls += 1;
    response.statusCode = calls === 1 ? 500 : 200;
    response.end('{}');
  };
  await client.send(put());
  expect(calls).toBe(2);
});

test('a middleware that is added to the client before its first call sees puts', async () => {
  let seen = 0;
  client.middlewareStack.add(
    (next) => (call) => {
      seen += 1;
      return next(call);
    },
    { step: 'finalizeRequest' },
  );
  await client.send(put());
  await client.send(put());
  await client.send(new GetCommand({ TableName: 'table', Key: { pk: 'p' } }));
  expect(seen).toBe(3);
});
