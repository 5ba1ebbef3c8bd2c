import type { ListedTask, SnapshotName, TaskHead } from '@a2a-aws/core';
import { parseSlot, slotText } from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { Item } from '../table/item.ts';
import { taskIdOf } from '../table/keys.ts';
import { ITEM_VERSION, readItem } from '../table/stored-item.ts';
import { MAX_CHUNKS } from './snapshot-chunks.ts';

/** The head of a deleted task has no other attributes. */
const headItem = z.object({ slot: z.string(), ctx: z.string().optional() });

const listedItem = z.object({
  pk: z.string(),
  ssk: z.string().regex(/^\d+$/),
  state: z.number(),
  t: z.number().nullable(),
  at: z.number(),
});

const pointer = z.object({
  sslot: z.string(),
  sid: z.string(),
  sn: z.number().int().positive().max(MAX_CHUNKS),
});

/** Returns the attributes of a head, except its key and those of the indexes. */
export function toHeadItem(head: TaskHead): Item {
  return {
    v: ITEM_VERSION,
    slot: slotText(head.slot),
    // An unpaired surrogate cannot be stored as UTF-8; the log has the id as it was written.
    ctx: head.contextId.toWellFormed(),
    state: head.state,
    t: head.timestamp ?? null,
    at: head.writtenAtMs,
  };
}

/** Returns the head of an item; `undefined` for the head of a deleted task. */
export function fromHeadItem(item: Item): TaskHead | undefined {
  const { slot: text, ctx: contextId = '' } = readItem(headItem, item);
  const slot = parseSlot(text);
  return slot && { ...fromListedItem(item), contextId, slot };
}

/** Returns the listed task of an item that an index returned. */
export function fromListedItem(item: Item): ListedTask {
  const { pk, ssk, state, t, at } = readItem(listedItem, item);
  return {
    taskId: taskIdOf(pk),
    state,
    timestamp: t ?? undefined,
    latest: Number(ssk),
    writtenAtMs: at,
  };
}

/** Returns the attributes of a head that name the snapshot to load. */
export function toPointer(name: SnapshotName): Item {
  return { sslot: slotText(name.slot), sid: name.id, sn: name.chunks };
}

/** Returns the name of the snapshot in a head; `undefined` if it names none. */
export function snapshotOf(item: Item): SnapshotName | undefined {
  if (!('sslot' in item)) return undefined;
  const { sslot, sid: id, sn: chunks } = readItem(pointer, item);
  const slot = parseSlot(sslot);
  return slot && { id, slot, chunks };
}
