import { Message, Task } from '@a2a-js/sdk';
import { z } from 'zod';
import { BackendError } from '../errors.ts';
import { parseSlot, slotText } from './slot.ts';
import type { LogState } from './state.ts';

/** The form of snapshots that this release writes and reads. */
const SNAPSHOT_VERSION = 1;

/**
 * The largest text of a snapshot, in bytes of UTF-8. No snapshot is written of a task that needs more,
 * and a stored one that is larger is `corrupt-log`.
 */
export const MAX_SNAPSHOT_BYTES: number = 128 * 1024 * 1024;

/** What a fold amounts to, as plain data. Before the first Task event there are only messages. */
export interface FoldContent {
  readonly state: LogState;
  readonly task: Task | undefined;
  readonly messages: readonly Message[];
}

const slot = z.string().transform((text, context) => {
  const parsed = parseSlot(text);
  if (!parsed) context.addIssue('not a slot');
  return parsed ?? z.NEVER;
});

const stored = z.object({
  v: z.literal(SNAPSHOT_VERSION),
  next: slot,
  at: z.number(),
  sealed: z.boolean(),
  deleted: z.boolean(),
  hasTask: z.boolean(),
  status: z
    .object({ state: z.number(), slot, timestamp: z.string(), latest: z.number() })
    .optional(),
  contextId: z.string().optional(),
  runs: z.array(
    z.tuple([
      z.string(),
      z.object({
        instance: z.string(),
        start: slot,
        attempt: z.number(),
        messageId: z.string().optional(),
        phase: z.enum(['open', 'ended', 'lost']),
        closedAt: slot.optional(),
        resumedBy: z.string().optional(),
        answer: z.unknown().optional(),
        resultAt: z.number().optional(),
        authAt: z.number().optional(),
        firstAt: z.number().optional(),
      }),
    ]),
  ),
  fenced: z.array(z.string()),
  cancelRequested: z.boolean(),
  known: z.array(
    z.tuple([z.string(), z.object({ run: z.string(), digest: z.string().optional() })]),
  ),
  task: z.unknown().optional(),
  messages: z.array(z.unknown()),
});

/** The whole fold as one JSON text, not only the Task: what the next append must know is in it. */
export function encodeSnapshot({ state, task, messages }: FoldContent): string {
  const { status, next, runs, fenced, messages: digests, ...rest } = state;
  return JSON.stringify({
    v: SNAPSHOT_VERSION,
    ...rest,
    next: slotText(next),
    status: status && { ...status, slot: slotText(status.slot) },
    runs: [...runs].map(([id, run]) => [
      id,
      {
        ...run,
        start: slotText(run.start),
        closedAt: run.closedAt && slotText(run.closedAt),
        answer: run.answer && Message.toJSON(run.answer),
      },
    ]),
    fenced: [...fenced],
    // As earlier releases read it: by the message's id.
    known: [...digests].map(([digest, run]) => [runs.get(run)?.messageId ?? '', { run, digest }]),
    task: task && Task.toJSON(task),
    messages: task ? [] : messages.map((message) => Message.toJSON(message)),
  });
}

/** Reads what {@link encodeSnapshot} wrote. Throws `corrupt-log` for another version or shape. */
export function decodeSnapshot(text: string): FoldContent {
  const parsed = stored.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new BackendError('corrupt-log', 'A snapshot of an unknown version or shape is stored.');
  }
  const { v: _, task, messages, runs, fenced, known, ...rest } = parsed.data;
  return {
    state: {
      ...rest,
      runs: new Map(
        runs.map(([id, run]) => [
          id,
          { ...run, answer: run.answer === undefined ? undefined : Message.fromJSON(run.answer) },
        ]),
      ),
      fenced: new Set(fenced),
      messages: new Map(
        known.flatMap(([_, { run, digest }]) => (digest === undefined ? [] : [[digest, run]])),
      ),
    },
    task: task === undefined ? undefined : Task.fromJSON(task),
    messages: messages.map((message) => Message.fromJSON(message)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot is not JSON.', { cause });
  }
}
