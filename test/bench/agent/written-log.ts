import {
  type Entry,
  type LogRecord,
  type LogStorage,
  systemClock,
  systemEntropy,
  type TaskKey,
} from '@a2a-aws/core';
import { encode, FIRST_SLOT, Fold, nextSlot, recordBody, taskHead } from '@a2a-aws/core/internal';
import { TaskState } from '@a2a-js/sdk';
import { chunk, KILOBYTE } from './payload.ts';
import { prose } from './prose.ts';

const RUN = 'run';
const CONTEXT = 'context';
/** Concurrent writes. They are not measured. */
const WIDTH = 16;

/** Writes a task of appended one-kilobyte chunks, with a given number of events in each record. */
export async function writeLog(
  storage: LogStorage,
  key: TaskKey,
  { kilobytes, perRecord }: { readonly kilobytes: number; readonly perRecord: number },
): Promise<void> {
  const records = recordsOf(key.taskId, kilobytes, perRecord)[Symbol.iterator]();
  const fold = new Fold();
  const worker = async (): Promise<void> => {
    for (let next = records.next(); !next.done; next = records.next()) {
      if (!fold.state.hasTask) fold.apply(next.value);
      await storage.putRecord(key, next.value);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  const head = taskHead(key, fold.state);
  if (head) await storage.putHead(key, head);
}

function* recordsOf(taskId: string, kilobytes: number, perRecord: number): Iterable<LogRecord> {
  let slot = FIRST_SLOT;
  const record = (contents: readonly Entry[]): LogRecord => {
    const encoded = contents.map(encode);
    const entries = encoded.map(({ entry }) => entry);
    const body = recordBody(encoded);
    const at = slot;
    slot = nextSlot(slot, contents.filter(({ kind }) => kind === 'event').length);
    const time = systemClock.now();
    return { id: systemEntropy.id(), instance: 'bench', time, slot: at, entries, body };
  };
  yield record([beginning(taskId)]);
  for (let written = 0; written < kilobytes; written += perRecord) {
    const length = Math.min(perRecord, kilobytes - written);
    yield record(
      Array.from({ length }, (_, n): Entry => {
        const at = written + n;
        const data = chunk(taskId, CONTEXT, prose(KILOBYTE, at), at > 0);
        return { kind: 'event', run: RUN, event: { kind: 'artifactUpdate', data } };
      }),
    );
  }
}

function beginning(id: string): Entry {
  const status = { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: '' };
  const data = {
    id,
    contextId: CONTEXT,
    status,
    artifacts: [],
    history: [],
    metadata: undefined,
  };
  return { kind: 'event', run: RUN, event: { kind: 'task', data } };
}
