import type { LogRecord } from '@a2a-aws/core';
import { slotText } from '@a2a-aws/core/internal';
import type { ExpectedTask } from './expected-task.ts';
import type { Fleet } from './fleet.ts';
import { TABLE } from './server.ts';

/**
 * The retention in a schedule whose records expire, in milliseconds. As the product does with its own
 * one, which is at least a day, a schedule lets records expire no sooner than this after a snapshot
 * has taken their place.
 */
export const SHORT_RETENTION_MS = 5_000;

/** Returns the slot, as a text, up to which the present snapshot of a task covers its log. */
export function snapshotEnd(fleet: Fleet, { name }: ExpectedTask): string | undefined {
  return tableOf(fleet).get({ partition: name, sort: 'task' })?.sslot?.S;
}

/**
 * Removes records of a task before the slot, as DynamoDB does when they have expired. It keeps no
 * order, so `goes` decides about each record. The pieces of large records stay a little longer.
 */
export function expireRecords(
  fleet: Fleet,
  task: ExpectedTask,
  before: string,
  goes: (record: LogRecord) => boolean,
): void {
  for (const record of task.records) {
    const slot = slotText(record.slot);
    if (slot >= before || !goes(record)) continue;
    tableOf(fleet).set({ partition: task.name, sort: `event#${slot}` }, undefined);
    task.expired.add(record);
  }
}

function tableOf({ aws }: Fleet) {
  const table = aws.dynamodb.tables.get(TABLE);
  if (!table) throw new Error('There is no table.');
  return table;
}
