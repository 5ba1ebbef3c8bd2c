import { z } from 'zod';
import type { Entry } from '../model/entry.ts';
import { type LogRecord, parseBody } from '../model/record.ts';
import { parseSlot, type Slot, slotText } from '../model/slot.ts';
import type { TaskKey } from '../task-key.ts';

/** What one instance tells another. The log is the truth: each of these may be lost or repeated. */
export type Doorbell =
  /** Task `key` has records before `next`; `record`, the last of them, is inlined when small. */
  | {
      readonly kind: 'record';
      readonly key: TaskKey;
      readonly next: Slot;
      readonly record?: LogRecord | undefined;
    }
  /**
   * `instance` has taps on the task (`on`), or no longer, under this watch id. `next`: how far it has
   * read.
   */
  | {
      readonly kind: 'watch';
      readonly key: TaskKey;
      readonly instance: string;
      readonly watch: string;
      readonly on: boolean;
      readonly next: Slot;
    }
  /** `instance` is gone, and all its watches: nobody needs to ring it any more. */
  | { readonly kind: 'gone'; readonly instance: string }
  /**
   * `instance` rings itself, `at` milliseconds of its clock: to hear it proves that the way is open.
   * That of another instance proves nothing.
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

/** A doorbell as JSON text; of a record only where it is, if `inline` is false. */
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

/** What parsed JSON says; `unknown` is of a kind that this release does not know. */
export function readDoorbell(json: unknown): Doorbell | 'unknown' | 'junk' {
  const parsed = bell.safeParse(json);
  if (parsed.success) return parsed.data;
  const { data } = kinded.safeParse(json);
  return data && !KINDS.has(data.kind) ? 'unknown' : 'junk';
}

/** Nothing if a newer release wrote what this one cannot read: then the log is asked. */
function entriesOf(body: string): Entry[] | undefined {
  try {
    return parseBody(body);
  } catch {
    return undefined;
  }
}
