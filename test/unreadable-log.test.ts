import type { Task } from '@a2a-js/sdk';
import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, failure, Gate, soon } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { get, send } from './fixtures/requests.ts';
import { StreamReader } from './fixtures/stream-reader.ts';
import { stateName } from './fixtures/task-picture.ts';

const timeout = 90_000;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.start();
}, timeout);
afterAll(() => fleet.stop(), timeout);

/** Puts records of another release at the end of a task's log. */
async function spoil(taskId: string): Promise<void> {
  const { region, credentials, dynamodb } = fleet.aws.clientConfig;
  const client = new DynamoDBClient({ region, credentials, ...dynamodb });
  const TableName = fleet.aws.tableName;
  const { Items = [] } = await client.send(new ScanCommand({ TableName }));
  const records = Items.map(({ pk, sk }) => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' }))
    .filter(({ pk, sk }) => pk.endsWith(taskId) && sk.startsWith('event#'))
    .sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const { pk = '', sk = '' } = records.at(-1) ?? {};
  const [, generation = '', part = ''] = sk.split('#');
  for (const ahead of [1, 2]) {
    const next = String(Number(generation) + ahead).padStart(generation.length, '0');
    const key = { pk: { S: pk }, sk: { S: `event#${next}#${'0'.padStart(part.length, '0')}` } };
    await client.send(new PutItemCommand({ TableName, Item: { ...key, v: { N: '99' } } }));
  }
  client.destroy();
}

test('[I6] a caller that waits for a log that becomes unreadable gets an error, and its executor is stopped', {
  timeout,
}, async () => {
  const stopped = new Gate();
  const text = fleet.script(async (turn) => {
    turn.task();
    turn.run.signal.addEventListener('abort', () => stopped.open());
    await stopped.opened;
  });
  const other = new Gate();
  const unharmed = fleet.script(async (turn) => {
    turn.task();
    await other.opened;
    turn.status('COMPLETED');
  });
  const [a, b] = await Promise.all([fleet.a.client(), fleet.b.client()]);
  const message = send(text);
  const sender = new StreamReader(a.sendMessageStream(message));
  const id = await sender.taskId();
  const subscriber = new StreamReader(b.resubscribeTask(get(id)));
  await subscriber.taskId();
  const blocking = a.sendMessage(message);
  const beside = a.sendMessage(send(unharmed)) as Promise<Task>;

  const ends = { stream: sender.end(), subscription: subscriber.end(), send: blocking };
  const failures = Object.entries(ends).map(([what, end]) => failure(what, end));

  await spoil(id);

  await Promise.all(failures);
  await soon('the executor is told', stopped.opened);
  other.open();
  expect(stateName((await soon('another task', beside)).status?.state)).toBe('COMPLETED');
  await eventually('the row is left', () => fleet.log.includes('run.row-left'));
  // Nothing waits for it when the instance goes.
  await soon('a stop', fleet.a.stop());
});
