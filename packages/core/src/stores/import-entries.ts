import type { Task } from '@a2a-js/sdk';
import { errorCode } from '../errors.ts';
import { MAX_RECORD_BYTES } from '../log/record-builder.ts';
import type { Entry } from '../model/entry.ts';
import { type EncodedEntry, encode } from '../model/record.ts';
import { taskDifference } from './task-difference.ts';

/**
 * What is to be written so that a log with this task, or none, has all of another: entries that
 * belong into one record each. A task that one entry can hold is one entry, there at once or not.
 *
 * Throws `event-too-large` if one message or one part is larger than an entry, `invalid-event` for
 * what JSON cannot hold.
 */
export function importEntries(current: Task | undefined, task: Task): EncodedEntry[][] {
  // A log has one artifact of an id, the last: of two that are not the same, one would be new for ever.
  const artifacts = [...new Map(task.artifacts.map((one) => [one.artifactId, one])).values()];
  return inRecords(taskDifference(current, { ...task, artifacts }).flatMap(inPieces));
}

/** The entry, or what amounts to the same in several that the log takes. */
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

/** The status last: nothing is taken after one that is terminal. */
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

/** As many as a record may have, in their order. */
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
