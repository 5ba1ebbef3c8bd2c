import type { ListedTask, SnapshotName, TaskHead } from '@a2a-aws/core';
import { parseSlot, slotText } from '@a2a-aws/core/internal';
import * as z from 'zod';
import type { Item } from '../table/item.ts';
import { taskIdOf } from '../table/keys.ts';
import { ITEM_VERSION, readItem } from '../table/stored-item.ts';
import { MAX_CHUNKS } from './snapshot-chunks.ts';

/** Those of a deleted task have nothing else. */
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

/** The attributes of a head, besides its key and those of the indexes. */
export function toHeadItem(head: TaskHead): Item {
  return {
    v: ITEM_VERSION,
    slot: slotText(head.slot),
    // Half a character is not UTF-8: the log has it as it was written.
    ctx: head.contextId.toWellFormed(),
    state: head.state,
    t: head.timestamp ?? null,
    at: head.writtenAtMs,
  };
}

/** Reads a head; nothing for that of a deleted task. */
export function fromHeadItem(item: Item): TaskHead | undefined {
  const { slot: text, ctx: contextId = '' } = readItem(headItem, item);
  const slot = parseSlot(text);
  return slot && { ...fromListedItem(item), contextId, slot };
}

/** Reads a head as an index shows it. */
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

/** The attributes of a head that name the snapshot to load. */
export function toPointer(name: SnapshotName): Item {
  return { sslot: slotText(name.slot), sid: name.id, sn: name.chunks };
}

/** The snapshot that a head names, if any. */
export function snapshotOf(item: Item): SnapshotName | undefined {
  if (!('sslot' in item)) return undefined;
  const { sslot, sid: id, sn: chunks } = readItem(pointer, item);
  const slot = parseSlot(sslot);
  return slot && { id, slot, chunks };
}
