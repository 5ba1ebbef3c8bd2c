import type { Task } from '@a2a-js/sdk';
import { errorCode } from '../errors.ts';
import { MAX_RECORD_BYTES } from '../log/record-builder.ts';
import type { Entry } from '../model/entry.ts';
import { type EncodedEntry, encode } from '../model/record.ts';
import { taskDifference } from './task-difference.ts';

/**
 * Returns the entries, grouped by record, that bring a log with the task `current`, or with none,
 * up to `task`. A task that fits into one entry is one entry, in a new log as well as in an
 * existing one.
 *
 * Throws `event-too-large` if one message or one part is larger than an entry, `invalid-event` for
 * a task that JSON cannot hold.
 */
export function importEntries(current: Task | undefined, task: Task): EncodedEntry[][] {
  // A log keeps only the last artifact with an id. If the task had two, one of them would differ
  // from the log forever.
  const artifacts = [...new Map(task.artifacts.map((one) => [one.artifactId, one])).values()];
  return inRecords(taskDifference(current, { ...task, artifacts }).flatMap(inPieces));
}

/** Returns the entry, or several smaller ones with the same effect. */
function inPieces(entry: Entry): EncodedEntry[] {
  try {
    return [encode(entry)];
  } catch (error) {
    const pieces = errorCode(error) === 'event-too-large' ? smaller(entry) : undefined;
    if (!pieces) throw error;
    return pieces.flatMap(inPieces);
  }
}

function smaller(entry: Entry): Entry[] | undefined {
  if (entry.kind !== 'event') return undefined;
  const { event } = entry;
  if (event.kind === 'task') return taskInPieces(event.data);
  if (event.kind !== 'artifactUpdate') return undefined;
  const { artifact } = event.data;
  if (!artifact || artifact.parts.length < 2) return undefined;
  const half = Math.ceil(artifact.parts.length / 2);
  return [artifact.parts.slice(0, half), artifact.parts.slice(half)].map((parts, at) => ({
    kind: 'event',
    event: {
      kind: 'artifactUpdate',
      data: {
        ...event.data,
        artifact: { ...artifact, parts },
        append: event.data.append || at > 0,
      },
    },
  }));
}

/** The status comes last because a log takes no entry after a terminal one. */
function taskInPieces(task: Task): Entry[] | undefined {
  if (task.history.length + task.artifacts.length === 0) return undefined;
  const bare = { ...task, history: [], artifacts: [] };
  const of = (data: Task): Entry => ({ kind: 'event', event: { kind: 'task', data } });
  return [
    of({ ...bare, status: undefined }),
    ...task.history.map((message): Entry => ({ kind: 'message', message })),
    ...task.artifacts.map(
      (artifact): Entry => ({
        kind: 'event',
        event: {
          kind: 'artifactUpdate',
          data: {
            taskId: task.id,
            contextId: task.contextId,
            artifact,
            append: false,
            lastChunk: false,
            metadata: undefined,
          },
        },
      }),
    ),
    of(bare),
  ];
}

/** Fills each record with as many entries as it may have, in their order. */
function inRecords(entries: readonly EncodedEntry[]): EncodedEntry[][] {
  const records: EncodedEntry[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    bytes += entry.bytes + 1;
    if (bytes > MAX_RECORD_BYTES) {
      records.push([]);
      bytes = entry.bytes;
    }
    records.at(-1)?.push(entry);
  }
  return records;
}
