import { Artifact, Message, Part, Task } from '@a2a-js/sdk';
import * as z from 'zod';
import { BackendError } from '../errors.ts';
import { asGeneration } from './generation.ts';
import { LineWriter, readLines } from './json-lines.ts';
import { PersistentMap } from './persistent-map.ts';
import { countingRuns, openRun, type RunState } from './run-state.ts';
import type { Sliced } from './sliced.ts';
import { parseSlot, slotText } from './slot.ts';
import { EMPTY_STATE, type LogState, type PushStart } from './state.ts';
import type { TaskPicture } from './task-picture.ts';
import { TaskView } from './task-view.ts';

/** The form of snapshots that this release writes and reads. */
const SNAPSHOT_VERSION = 1;

/**
 * The largest text of a snapshot, in bytes of UTF-8. A task that needs more gets no snapshot, and a
 * larger stored one is `corrupt-log`.
 */
export const MAX_SNAPSHOT_BYTES: number = 128 * 1024 * 1024;

/** A whole fold at one moment. Before the first Task event it has only messages. */
export interface FoldContent {
  readonly state: LogState;
  readonly task: TaskPicture | undefined;
  readonly messages: readonly Message[];
}

/** A decoded snapshot, for one fold only. */
export interface DecodedSnapshot {
  readonly state: LogState;
  readonly view: TaskView;
}

const slot = z.string().transform((text, context) => {
  const parsed = parseSlot(text);
  if (!parsed) context.addIssue('not a slot');
  return parsed ?? z.NEVER;
});

const generation = z.number().transform(asGeneration);

const storedRun = z.tuple([
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
    resultAt: generation.optional(),
    authAt: generation.optional(),
    firstAt: generation.optional(),
  }),
]);
const storedMessage = z.tuple([
  z.string(),
  z.object({ run: z.string(), digest: z.string().optional() }),
]);

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
  runs: z.array(z.unknown()),
  fenced: z.array(z.string()),
  cancelRequested: z.boolean(),
  known: z.array(z.unknown()),
  pushes: z
    .array(
      z.tuple([
        z.string(),
        z.object({ since: slot, version: z.string(), latestOnly: z.boolean() }),
      ]),
    )
    .optional(),
  task: z.custom<object>(isObject).optional(),
  messages: z.array(z.unknown()),
});

/**
 * Encodes the whole fold as one JSON text, including the state that decides the next append.
 * Each element of a long list is a line of its own, so that it can be read in slices.
 */
export function* encodeSnapshot({ state, task, messages }: FoldContent): Sliced<string> {
  const { status, next, runs, fenced, messages: known, pushes, writtenAtMs, ...others } = state;
  const { open: _, unsettled: __, ...rest } = others;
  const lines = new LineWriter();
  lines.open({
    v: SNAPSHOT_VERSION,
    ...rest,
    at: writtenAtMs,
    next: slotText(next),
    status: status && { ...status, slot: slotText(status.slot) },
    fenced: [...fenced.keys()],
    pushes: pushes.size > 0 ? [...pushes].map(toStoredPush) : undefined,
  });
  yield* lines.list('runs', runs, ([id, run]) => [id, toStoredRun(run)]);
  // Earlier releases read it by the message's id.
  yield* lines.list('known', known, ([digest, run]) => [
    runs.get(run)?.messageId ?? '',
    { run, digest },
  ]);
  yield* lines.list('messages', task ? [] : messages, Message.toJSON);
  if (task) {
    lines.name('task');
    lines.open(Task.toJSON(task.head()));
    yield* lines.list('history', task.history(), Message.toJSON);
    lines.openList('artifacts');
    for (const { parts, ...head } of task.artifacts()) {
      lines.open(Artifact.toJSON({ ...head, parts: [] }));
      yield* lines.list('parts', parts, Part.toJSON);
      lines.close();
    }
    lines.closeList();
    lines.close();
  }
  lines.close();
  return lines.text();
}

/** The lists in their order in the text; the parts of the artifacts follow. */
const [RUNS, KNOWN, MESSAGES, HISTORY, ARTIFACTS] = [0, 1, 2, 3, 4];

/**
 * Reads a text of {@link encodeSnapshot} in UTF-8, also in one line, as earlier releases wrote it.
 * Throws `corrupt-log` for another version or shape.
 */
export function* decodeSnapshot(bytes: Uint8Array): Sliced<DecodedSnapshot> {
  try {
    const { frame, lists } = yield* readLines(bytes, readElement);
    const { v: _, task: taskJson, ...stateJson } = stored.parse(frame);
    const { runs: runsJson, known: knownJson, messages: messagesJson, at, ...rest } = stateJson;
    const { pushes = [], ...fields } = rest;
    const isWhole = lists.length === 0;
    const runs = isWhole ? runsJson.map(readRun) : lists[RUNS];
    const known = isWhole ? knownJson.map(readKnown) : lists[KNOWN];
    const messages = isWhole ? messagesJson.map(Message.fromJSON) : lists[MESSAGES];
    const task = taskJson && Task.fromJSON(taskJson);
    if (task && !isWhole) fillTask(task, lists);
    else if (!isWhole && lists.length !== HISTORY) throw new Error('A list is missing.');
    return {
      state: {
        ...EMPTY_STATE,
        ...fields,
        pushes: new Map(pushes),
        writtenAtMs: at,
        ...(yield* countingRuns(runs as [string, RunState][])),
        fenced: PersistentMap.of(fields.fenced.map((instance) => [instance, true])),
        messages: yield* PersistentMap.filling(
          (known as ([string, string] | undefined)[]).filter((one) => one !== undefined),
        ),
      },
      view: yield* TaskView.restoring(task, messages as Message[]),
    };
  } catch (cause) {
    throw new BackendError('corrupt-log', 'A snapshot of an unknown version or shape is stored.', {
      cause,
    });
  }
}

function readElement(json: unknown, list: number): unknown {
  switch (list) {
    case RUNS:
      return readRun(json);
    case KNOWN:
      return readKnown(json);
    case MESSAGES:
    case HISTORY:
      return Message.fromJSON(json);
    default:
      return Part.fromJSON(json);
  }
}

/** Returns a run under the names that it has in stored snapshots, which never change. */
function toStoredRun(run: RunState): object {
  const { closedSlot, resultGeneration, authGeneration, firstGeneration, ...rest } = run;
  return {
    ...rest,
    start: slotText(run.start),
    closedAt: closedSlot && slotText(closedSlot),
    answer: run.answer && Message.toJSON(run.answer),
    resultAt: resultGeneration,
    authAt: authGeneration,
    firstAt: firstGeneration,
  };
}

function toStoredPush([id, { since, ...terms }]: [string, PushStart]): [string, object] {
  return [id, { since: slotText(since), ...terms }];
}

function readRun(json: unknown): [string, RunState] {
  const [id, stored] = storedRun.parse(json);
  const { closedAt, resultAt, authAt, firstAt, answer, ...run } = stored;
  return [
    id,
    {
      ...openRun(run),
      ...run,
      closedSlot: closedAt,
      resultGeneration: resultAt,
      authGeneration: authAt,
      firstGeneration: firstAt,
      answer: answer === undefined ? undefined : Message.fromJSON(answer),
    },
  ];
}

function readKnown(json: unknown): [string, string] | undefined {
  const [, { run, digest }] = storedMessage.parse(json);
  return digest === undefined ? undefined : [digest, run];
}

function fillTask(task: Task, lists: readonly unknown[][]): void {
  const parts = lists.slice(ARTIFACTS + 1);
  if (parts.length !== task.artifacts.length || lists[ARTIFACTS]?.length !== 0) {
    throw new Error('A list is missing.');
  }
  task.history = lists[HISTORY] as Message[];
  for (const [at, artifact] of task.artifacts.entries()) artifact.parts = parts[at] as Part[];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
