import {
  BackendError,
  type ListedTask,
  parseSlot,
  type SnapshotName,
  slotText,
  type TaskHead,
} from '@a2a-aws/core';
import { z } from 'zod';
import { taskIdOf } from './keys.ts';
import type { Item } from './table.ts';

const listed = z.object({
  pk: z.string(),
  ssk: z.string().regex(/^\d+$/),
  state: z.number(),
  t: z.number().nullable(),
  at: z.number(),
});

const pointer = z.object({
  sslot: z.string(),
  sid: z.string(),
  sn: z.number().int().positive(),
});

/** The attributes of a head, besides its key and those of the indexes. */
export function toHeadItem(head: TaskHead): Item {
  return {
    v: 1,
    slot: slotText(head.slot),
    // Half a character is not UTF-8: the log has it as it was written.
    ctx: head.contextId.toWellFormed(),
    state: head.state,
    t: head.timestamp ?? null,
    at: head.at,
  };
}

/** Reads a head; nothing for that of a deleted task. */
export function fromHeadItem(item: Item): TaskHead | undefined {
  const { slot: text, ctx: contextId } = item;
  const slot = parseSlot(String(text));
  return slot && { ...fromListedItem(item), contextId: String(contextId), slot };
}

/** Reads a head as an index shows it. */
export function fromListedItem(item: Item): ListedTask {
  const parsed = listed.safeParse(item);
  if (!parsed.success) {
    throw new BackendError('corrupt-log', 'A head of an unknown version or shape is stored.');
  }
  const { pk, ssk, state, t, at } = parsed.data;
  return { taskId: taskIdOf(pk), state, timestamp: t ?? undefined, latest: Number(ssk), at };
}

/** The attributes of a head that name the snapshot to load. */
export function toPointer(name: SnapshotName): Item {
  return { sslot: slotText(name.slot), sid: name.id, sn: name.chunks };
}

/** The snapshot that a head names, if any. */
export function snapshotOf(item: Item): SnapshotName | undefined {
  const parsed = pointer.safeParse(item);
  const slot = parsed.success ? parseSlot(parsed.data.sslot) : undefined;
  return parsed.success && slot ? { id: parsed.data.sid, slot, chunks: parsed.data.sn } : undefined;
}
