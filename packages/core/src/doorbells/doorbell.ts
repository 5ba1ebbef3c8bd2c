import * as z from 'zod';
import type { Entry } from '../model/entry.ts';
import { type LogRecord, parseBody } from '../model/record.ts';
import { parseSlot, type Slot, slotText } from '../model/slot.ts';
import type { TaskKey } from '../task-key.ts';

/** A message from one instance to another. Any of them may be lost or repeated: the log decides. */
export type Doorbell =
  /** Task `key` has records before `next`; `record`, the last of them, is inlined when small. */
  | {
      readonly kind: 'record';
      readonly key: TaskKey;
      readonly next: Slot;
      readonly record?: LogRecord | undefined;
    }
  /**
   * `instance` watches the task under this watch id (`on`), or no longer does. `next`: the slot up to
   * which it has read.
   */
  | {
      readonly kind: 'watch';
      readonly key: TaskKey;
      readonly instance: string;
      readonly watch: string;
      readonly on: boolean;
      readonly next: Slot;
    }
  /** `instance` is gone with all its watches: it needs no more doorbells. */
  | { readonly kind: 'gone'; readonly instance: string }
  /**
   * A probe that `instance` sent to itself at this time of its clock, in milliseconds. Its arrival
   * proves that the path is open. A probe of another instance proves nothing.
   */
  | { readonly kind: 'canary'; readonly instance: string; readonly at: number };

const key = z
  .tuple([z.string(), z.string(), z.string()])
  .transform(([tenant, owner, taskId]): TaskKey => ({ tenant, owner, taskId }));
const slot = z.string().transform((text, context) => {
  const parsed = parseSlot(text);
  if (!parsed) context.addIssue('not a slot');
  return parsed ?? z.NEVER;
});
const record = z
  .object({ id: z.string(), by: z.string(), at: z.number(), slot, body: z.string() })
  .transform(({ id, by, at, slot, body }): LogRecord | undefined => {
    const entries = entriesOf(body);
    return entries && { id, instance: by, time: at, slot, entries, body };
  });

const bell = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('record'), key, next: slot, record: record.optional() }),
  z.object({
    kind: z.literal('watch'),
    key,
    instance: z.string(),
    watch: z.string(),
    on: z.boolean(),
    next: slot,
  }),
  z.object({ kind: z.literal('gone'), instance: z.string() }),
  z.object({ kind: z.literal('canary'), instance: z.string(), at: z.number() }),
]);
const KINDS: ReadonlySet<unknown> = new Set<Doorbell['kind']>([
  'record',
  'watch',
  'gone',
  'canary',
]);
const kinded = z.object({ kind: z.string() });

/** Returns a doorbell as JSON text. Without `inline` it names a record's slot but not its content. */
export function doorbellText(doorbell: Doorbell, inline: boolean): string {
  if (doorbell.kind === 'canary' || doorbell.kind === 'gone') return JSON.stringify(doorbell);
  const { tenant, owner, taskId } = doorbell.key;
  const placed = { ...doorbell, key: [tenant, owner, taskId], next: slotText(doorbell.next) };
  if (doorbell.kind === 'watch') return JSON.stringify(placed);
  const { record } = doorbell;
  return JSON.stringify({
    ...placed,
    record:
      inline && record
        ? {
            id: record.id,
            by: record.instance,
            at: record.time,
            slot: slotText(record.slot),
            body: record.body,
          }
        : undefined,
  });
}

/** Reads parsed JSON as a doorbell. `unknown`: its kind is one that this release does not know. */
export function readDoorbell(json: unknown): Doorbell | 'unknown' | 'malformed' {
  const parsed = bell.safeParse(json);
  if (parsed.success) return parsed.data;
  const { data } = kinded.safeParse(json);
  return data && !KINDS.has(data.kind) ? 'unknown' : 'malformed';
}

/** Returns `undefined` if a newer release wrote the body: the log is read instead. */
function entriesOf(body: string): Entry[] | undefined {
  try {
    return parseBody(body);
  } catch {
    return undefined;
  }
}
