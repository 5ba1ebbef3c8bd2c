import { Readable } from 'node:stream';
import { DEFAULT_RETENTION_MS, type LogRecord } from '@a2a-aws/core';
import { slotAt } from '@a2a-aws/core/internal';
import { createDynamoDBClient, DynamoDBLogStorage, documentClient } from '@a2a-aws/dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { median } from '../quantile.ts';
import type { Row } from '../row.ts';

const PUTS = 1_000;
const WARM_UPS = 3;
const ROUNDS = 9;
const CREDENTIALS = { accessKeyId: 'bench', secretAccessKey: 'bench' };
const OPTIONS = { region: 'eu-west-1', credentials: CREDENTIALS };
const KEY = { tenant: '', owner: 'bench', taskId: 'task' };

type Client = ReturnType<typeof createDynamoDBClient>;

/**
 * Measures the CPU time of a put of a record apart from the network: with a document client of the AWS
 * SDK as it is, and with the client of this project, alternating (ABAB …).
 */
export async function putCost(): Promise<Row[]> {
  const sdk = putting(documentClient(new DynamoDBClient(OPTIONS)));
  const own = putting(createDynamoDBClient(OPTIONS));
  const times = { sdk: [] as number[], own: [] as number[] };
  for (let round = 0; round < WARM_UPS + ROUNDS; round += 1) {
    const [a, b] = [await cpuOf(sdk), await cpuOf(own)];
    if (round < WARM_UPS) continue;
    times.sdk.push(a);
    times.own.push(b);
  }
  const group = `CPU of a put of a record of 400 bytes, without the network, ${ROUNDS} rounds`;
  const [before, after] = [median(times.sdk), median(times.own)];
  return [
    { group, label: 'a document client of the AWS SDK', value: before, unit: 'ms' },
    { group, label: 'createDynamoDBClient', value: after, unit: 'ms' },
    { group, label: 'ratio', value: after / before, unit: '×' },
  ];
}

/** Returns a function that puts one record. The client gets its answers without a connection. */
function putting(client: Client): () => Promise<unknown> {
  client.config.requestHandler.handle = async () => ({
    response: {
      statusCode: 200,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: Readable.from([Buffer.from('{}')]),
    } as never,
  });
  const storage = new DynamoDBLogStorage({
    client,
    tableName: 'bench',
    prefix: 'a2a',
    retentionMs: DEFAULT_RETENTION_MS,
  });
  return () => storage.putRecord(KEY, RECORD);
}

const ENTRY = { kind: 'error', run: 'run', error: { code: 1, message: 'x'.repeat(400) } } as const;

const RECORD: LogRecord = {
  id: 'record',
  instance: 'instance',
  time: 1_800_000_000_000,
  slot: slotAt(1),
  entries: [],
  body: JSON.stringify([ENTRY]),
};

async function cpuOf(put: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < PUTS; at += 1) await put();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / PUTS;
}
