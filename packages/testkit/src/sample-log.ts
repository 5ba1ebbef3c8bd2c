import { createHash } from 'node:crypto';
import type {
  Entry,
  LogRecord,
  LogStorage,
  Slot,
  Snapshot,
  TaskHead,
  TaskKey,
} from '@a2a-aws/core';
import { encode, recordBody } from '@a2a-aws/core/internal';
import { TaskArtifactUpdateEvent } from '@a2a-js/sdk';

/** A start that carries `text`, so that a record is as large as a test needs it. */
function startEntry(run: string, text: string): Entry {
  return {
    kind: 'start',
    run,
    attempt: 1,
    instance: 'instance-1',
    contextId: text,
  };
}

/** A record as a log would write it: its entries are those of its body. */
export function sampleRecord(id: string, slot: Slot, text = 'context'): LogRecord {
  return recordOf(id, slot, [startEntry(id, text), { kind: 'fence', instance: `dead-${id}` }]);
}

/** A record of so many events. */
export function eventRecord(id: string, slot: Slot, count: number): LogRecord {
  const data = TaskArtifactUpdateEvent.fromJSON({ taskId: 'task-1', contextId: 'context-1' });
  const entry: Entry = { kind: 'event', run: id, event: { kind: 'artifactUpdate', data } };
  return recordOf(
    id,
    slot,
    Array.from({ length: count }, () => entry),
  );
}

function recordOf(id: string, slot: Slot, contents: readonly Entry[]): LogRecord {
  const entries = contents.map(encode);
  return {
    id,
    instance: 'instance-1',
    time: 1_700_000_000_000,
    slot,
    entries: entries.map(({ entry }) => entry),
    body: recordBody(entries),
  };
}

/** Everything an iteration gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** A log that was read to its end. */
export interface WholeLog {
  readonly head?: TaskHead | undefined;
  readonly snapshot?: Snapshot | undefined;
  readonly records: readonly LogRecord[];
}

/** A log with all of its records, and the text of its snapshot. */
export async function loadWhole(storage: LogStorage, key: TaskKey): Promise<WholeLog> {
  const { head, snapshot, records } = await storage.load(key);
  return {
    head,
    snapshot: snapshot && {
      id: snapshot.id,
      slot: snapshot.slot,
      text: Buffer.from(snapshot.bytes).toString(),
    },
    records: await collect(records),
  };
}

/** Text of this length that no compression makes much shorter, always the same for a seed. */
export function noise(seed: string, length: number): string {
  const pieces: string[] = [];
  for (let n = 0; n * 86 < length; n += 1) {
    pieces.push(createHash('sha512').update(`${seed} ${n}`).digest('base64url'));
  }
  return pieces.join('').slice(0, length);
}
