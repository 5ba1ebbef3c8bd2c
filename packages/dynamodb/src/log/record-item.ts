import {
  BackendError,
  type Compression,
  type Entry,
  type LogRecord,
  type Slot,
} from '@a2a-aws/core';
import { MAX_BODY_BYTES, parseBody, parseSlot, RECORD_VERSION } from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { Item } from '../table/item.ts';
import { RECORDS } from '../table/keys.ts';
import { readItem } from '../table/stored-item.ts';

/** Bytes of a write unit, by which writes are billed (Amazon DynamoDB, "Read/write capacity"). */
const WRITE_UNIT_BYTES = 1024;
/** The bytes of an item besides its body: keys, names, ids. Only the rounding depends on it. */
const OVERHEAD_BYTES = 200;
/** A body below this is not worth a try to deflate it. */
const MIN_DEFLATE_BYTES = 600;
/** The most of a body that one item holds: an item may have 400 KB. */
const MAX_INLINE_BYTES = 380_000;
const PART_BYTES = 300 * 1024;
/** Deflating makes no body longer by a whole piece. */
const MAX_PARTS = Math.ceil(MAX_BODY_BYTES / PART_BYTES) + 1;

interface StoredRecord {
  readonly id: string;
  readonly by: string;
  readonly at: number;
  /** The body as it is, … */
  readonly e?: string | undefined;
  /** … or deflated, … */
  readonly z?: Uint8Array | undefined;
  /** … or in so many pieces, which may be deflated together. */
  readonly x?: number | undefined;
  readonly xz?: boolean | undefined;
  /** Erased: the task was deleted. */
  readonly gone?: true | undefined;
}

const piece = z.object({ b: z.instanceof(Uint8Array) });
const ERASED: readonly Entry[] = [{ kind: 'deleted' }];

/** A record as items: the pieces of a large body are written before the record that names them. */
export interface RecordItems {
  /** The attributes of the record, besides its key. */
  readonly fields: Item;
  readonly parts: readonly Uint8Array[];
}

/** Returns a record in its stored form, deflated by `compression`, if given, where that saves write units. */
export function toRecordItems(
  record: LogRecord,
  compression: Compression | undefined,
): RecordItems {
  const common = { v: RECORD_VERSION, id: record.id, by: record.instance, at: record.time };
  const plain = Buffer.from(record.body);
  const deflated = compression && deflate(plain, compression);
  const bytes = deflated ?? plain;
  if (bytes.length > MAX_INLINE_BYTES) {
    const parts = split(bytes);
    return {
      fields: { ...common, x: parts.length, xz: deflated !== undefined },
      parts,
    };
  }
  const body = deflated ? { z: deflated } : { e: record.body };
  return { fields: { ...common, ...body }, parts: [] };
}

/** The slot of a stored record. Throws `corrupt-log` if its key names none. */
export function recordSlot({ sk }: Item): Slot {
  const slot = parseSlot(String(sk).slice(RECORDS.length));
  if (!slot) throw corrupt();
  return slot;
}

/** About how many bytes a stored record has, its pieces left out. */
export function recordBytes({ e, z: deflated }: Item): number {
  const body = typeof e === 'string' ? e.length : 0;
  return OVERHEAD_BYTES + body + (deflated instanceof Uint8Array ? deflated.length : 0);
}

/**
 * Reads a stored record; `readParts` fetches the pieces of a large one. Throws `corrupt-log` for
 * another version or shape: a record is never misread.
 */
export async function fromRecordItem(
  item: Item,
  readParts: (recordId: string, count: number) => Promise<Uint8Array[]>,
  compression: Compression,
): Promise<LogRecord> {
  if (!isStoredRecord(item)) throw corrupt();
  const slot = recordSlot(item);
  const { id, by, at, e, z: deflated, x, xz, gone } = item;
  if (gone) return { id, instance: by, time: at, slot, entries: ERASED, body: '' };
  let body = e;
  if (deflated) body = inflate(deflated, compression);
  if (x !== undefined) {
    const parts = await readParts(id, x);
    if (parts.length !== x) throw corrupt();
    const whole = Buffer.concat(parts);
    if (whole.length > MAX_BODY_BYTES) throw corrupt();
    body = xz ? inflate(whole, compression) : whole.toString();
  }
  if (body === undefined) throw corrupt();
  return { id, instance: by, time: at, slot, entries: parseBody(body), body };
}

/** Checked by hand: a schema takes longer, and a log may have tens of thousands of records. */
function isStoredRecord(item: Item): item is Item & StoredRecord {
  const { v, id, by, at, e, z: deflated, x, xz, gone } = item;
  return (
    v === RECORD_VERSION &&
    typeof id === 'string' &&
    typeof by === 'string' &&
    Number.isFinite(at) &&
    (e === undefined || typeof e === 'string') &&
    (deflated === undefined || deflated instanceof Uint8Array) &&
    (x === undefined || isPartCount(x)) &&
    (xz === undefined || typeof xz === 'boolean') &&
    (gone === undefined || gone === true)
  );
}

function isPartCount(x: unknown): boolean {
  return Number.isInteger(x) && (x as number) > 0 && (x as number) <= MAX_PARTS;
}

/** Returns the rest of a record of a deleted task: its slot stays taken. */
export function erasedItem({ v, id, by, at, expires }: Item): Item {
  return { v, id, by, at, expires, gone: true };
}

/** Returns true for an item of {@link erasedItem}. */
export function isErased({ gone }: Item): boolean {
  return gone === true;
}

/** The bytes of a piece of a record or a snapshot. */
export function partBytes(item: Item): Uint8Array {
  return readItem(piece, item).b;
}

function deflate(plain: Uint8Array, compression: Compression): Uint8Array | undefined {
  if (plain.length < MIN_DEFLATE_BYTES) return undefined;
  const deflated = compression.deflateSync(plain);
  return units(deflated.length) < units(plain.length) ? deflated : undefined;
}

function units(bytes: number): number {
  return Math.ceil((OVERHEAD_BYTES + bytes) / WRITE_UNIT_BYTES);
}

function inflate(bytes: Uint8Array, compression: Compression): string {
  try {
    return Buffer.from(compression.inflateSync(bytes, MAX_BODY_BYTES)).toString();
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A record of the log cannot be inflated.', { cause });
  }
}

function split(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += PART_BYTES) {
    parts.push(bytes.subarray(at, at + PART_BYTES));
  }
  return parts;
}

function corrupt(): BackendError {
  return new BackendError('corrupt-log', 'A record of an unknown version or shape is in the log.');
}
