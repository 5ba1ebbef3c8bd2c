import { BackendError, type LogRecord, parseBody, parseSlot, RECORD_VERSION } from '@a2a-aws/core';
import { z } from 'zod';
import { RECORDS } from './keys.ts';
import type { Item } from './table.ts';

const recordItem = z.object({
  sk: z.string(),
  v: z.literal(RECORD_VERSION),
  id: z.string(),
  by: z.string(),
  at: z.number(),
  e: z.string(),
});

/** The attributes of a record, besides its key. */
export function toRecordItem(record: LogRecord): Item {
  return {
    v: RECORD_VERSION,
    id: record.id,
    by: record.instance,
    at: record.time,
    e: record.body,
  };
}

/** Reads a stored record. Throws `corrupt-log` for another version or shape; never misreads one. */
export function fromRecordItem(item: Item): LogRecord {
  const parsed = recordItem.safeParse(item);
  const slot = parsed.success ? parseSlot(parsed.data.sk.slice(RECORDS.length)) : undefined;
  if (!parsed.success || !slot) {
    throw new BackendError('corrupt-log', 'A record of an unknown version or shape is in the log.');
  }
  const { id, by, at, e } = parsed.data;
  return { id, instance: by, time: at, slot, entries: parseBody(e), body: e };
}
