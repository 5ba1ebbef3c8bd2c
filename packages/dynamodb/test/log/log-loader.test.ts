import type { LogRecord, TaskKey } from '@a2a-aws/core';
import { slotAt } from '@a2a-aws/core/internal';
import { FakeAws } from '@a2a-aws/testkit/fakes';
import { expect, test } from 'vitest';
import { DynamoDBLogStorage } from '../../src/dynamodb-log-storage.ts';
import { tableDefinition } from '../../src/table/table-definition.ts';

const TABLE = 'logs';
const LOGS = 6;
const RECORDS = 8;

const keyOf = (log: number): TaskKey => ({ tenant: '', owner: 'o', taskId: `task-${log}` });

const recordOf = (part: number): LogRecord => {
  const entry = { kind: 'cancel', by: `run-${part}` } as const;
  const body = JSON.stringify([{ k: 'cancel', r: entry.by }]);
  return { id: `id-${part}`, instance: 'i', time: 1, slot: slotOf(part), entries: [entry], body };
};

const slotOf = (part: number) => slotAt(1, part);

test('[I8] of many long logs that are opened at once only a few are in memory', async () => {
  // A page holds one item: each of these logs is long.
  const aws = new FakeAws({ tables: [tableDefinition(TABLE)], pageBytes: 1 });
  const client = aws.clients().dynamodb;
  const storage = new DynamoDBLogStorage({ client, tableName: TABLE, prefix: 'p' });
  const readers: AsyncIterator<LogRecord>[] = [];
  const opened: number[] = [];
  for (let log = 0; log < LOGS; log += 1) {
    for (let part = 0; part < RECORDS; part += 1)
      await storage.putRecord(keyOf(log), recordOf(part));
    const { records } = await storage.load(keyOf(log));
    const reader = records[Symbol.asyncIterator]();
    readers.push(reader);
    void reader.next().then(() => opened.push(log));
  }
  await expect.poll(() => opened).toEqual([0, 1, 2, 3]);
  // The others would follow in a moment, if they did not wait.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(opened).toEqual([0, 1, 2, 3]);

  // One is broken off, one is read to its end.
  await readers[0]?.return?.();
  for (let next = await readers[1]?.next(); next && !next.done; next = await readers[1]?.next());
  await expect.poll(() => opened).toEqual([0, 1, 2, 3, 4, 5]);
});
