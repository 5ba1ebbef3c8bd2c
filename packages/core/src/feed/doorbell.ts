import { z } from 'zod';
import { type LogRecord, parseBody } from '../log/record.ts';
import { parseSlot, type Slot, slotText } from '../log/slot.ts';
import type { TaskKey } from '../task-key.ts';

/** The only form of messages that this release sends; others are ignored (rolling deploys mix). */
const DOORBELL_VERSION = 1;

/** What one instance tells another. The log is the truth: each of these may be lost or repeated. */
export type Doorbell =
  /** Task `key` has records before `next`; `record`, the last of them, is inlined when small. */
  | {
      readonly kind: 'record';
      readonly key: TaskKey;
      readonly next: Slot;
      readonly record?: LogRecord | undefined;
    }
  /** `instance` has taps on the task (`on`), or no longer, under this watch id. */
  | {
      readonly kind: 'watch';
      readonly key: TaskKey;
      readonly instance: string;
      readonly watch: string;
      readonly on: boolean;
    }
  /** An instance rings itself: that it hears it proves that the way is open. */
  | { readonly kind: 'canary' };

const key = z.tuple([z.string(), z.string(), z.string()]);
const slot = z.string().transform((text, context) => {
  const parsed = parseSlot(text);
  if (!parsed) context.addIssue('not a slot');
  return parsed ?? z.NEVER;
});

const message = z.discriminatedUnion('kind', [
  z.object({
    v: z.literal(DOORBELL_VERSION),
    kind: z.literal('record'),
    key,
    next: slot,
    record: z
      .object({ id: z.string(), by: z.string(), at: z.number(), slot, body: z.string() })
      .optional(),
  }),
  z.object({
    v: z.literal(DOORBELL_VERSION),
    kind: z.literal('watch'),
    key,
    instance: z.string(),
    watch: z.string(),
    on: z.boolean(),
  }),
  z.object({ v: z.literal(DOORBELL_VERSION), kind: z.literal('canary') }),
]);

/** The text of a doorbell. A record that would make it longer than `maxBytes` is left out. */
export function encodeDoorbell(doorbell: Doorbell, maxBytes: number): string {
  if (doorbell.kind !== 'record') {
    return JSON.stringify({ v: DOORBELL_VERSION, ...doorbell, ...keyOf(doorbell) });
  }
  const { record } = doorbell;
  const bare = {
    v: DOORBELL_VERSION,
    kind: 'record',
    ...keyOf(doorbell),
    next: slotText(doorbell.next),
  };
  if (record) {
    const inlined = JSON.stringify({
      ...bare,
      record: {
        id: record.id,
        by: record.instance,
        at: record.time,
        slot: slotText(record.slot),
        body: record.body,
      },
    });
    if (Buffer.byteLength(inlined) <= maxBytes) return inlined;
  }
  return JSON.stringify(bare);
}

/** What a message from outside says, or nothing if it is of another version or no doorbell. */
export function decodeDoorbell(text: string): Doorbell | undefined {
  try {
    const parsed = message.safeParse(JSON.parse(text));
    if (!parsed.success) return undefined;
    const { data } = parsed;
    if (data.kind === 'canary') return { kind: 'canary' };
    const [tenant, owner, taskId] = data.key;
    const taskKey = { tenant, owner, taskId };
    if (data.kind === 'watch') {
      return {
        kind: 'watch',
        key: taskKey,
        instance: data.instance,
        watch: data.watch,
        on: data.on,
      };
    }
    const { record } = data;
    return {
      kind: 'record',
      key: taskKey,
      next: data.next,
      record: record && {
        id: record.id,
        instance: record.by,
        time: record.at,
        slot: record.slot,
        entries: parseBody(record.body),
        body: record.body,
      },
    };
  } catch {
    return undefined;
  }
}

/** True for a message that says it is of another version: not wrong, only not for this release. */
export function isOtherVersion(text: string): boolean {
  try {
    const { v } = JSON.parse(text) as { v?: unknown };
    return typeof v === 'number' && v !== DOORBELL_VERSION;
  } catch {
    return false;
  }
}

function keyOf(doorbell: Doorbell): { key?: [string, string, string] } {
  if (doorbell.kind === 'canary') return {};
  const { tenant, owner, taskId } = doorbell.key;
  return { key: [tenant, owner, taskId] };
}
