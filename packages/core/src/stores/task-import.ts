import { Task } from '@a2a-js/sdk';
import { exactJson } from '../a2a/exact-json.ts';
import { TaskLog } from '../log/task-log.ts';
import { taskHead } from '../model/listed-task.ts';
import { compareSlots, FIRST_SLOT } from '../model/slot.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { assertTaskKey, type TaskKey } from '../task-key.ts';
import { importEntries } from './import-entries.ts';

/**
 * The instance name in records that imports write. No real instance has this name, because their
 * ids end in a nonce.
 */
const IMPORTER = 'import';
/** The import of one task is retried for this long, in milliseconds. */
const DEADLINE_MS = 60_000;

/**
 * The outcome for one task.
 *
 * - `imported`: the task was written
 * - `unchanged`: an earlier import has written the same task
 * - `kept`: the task was worked on here since, has ended, was deleted or has expired; nothing was
 *   written
 */
export type Imported = 'imported' | 'unchanged' | 'kept';

export interface TaskImportDeps {
  readonly storage: LogStorage;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly retentionMs: number;
}

/**
 * Imports a task of another store into its log, as long as only imports have written to that log:
 * every write depends on this condition. `before` is called before the first write to a log.
 *
 * May be repeated after an interruption, and may be called several times at once. Rejects with a
 * coded `BackendError`.
 */
export async function importTask(
  key: TaskKey,
  task: Task,
  deps: TaskImportDeps,
  before: () => Promise<void> = async () => {},
): Promise<Imported> {
  assertTaskKey(key);
  const { value: whole } = exactJson(task, Task.toJSON, Task.fromJSON);
  const deadline = new AbortController();
  const cancel = deps.clock.after(DEADLINE_MS, () => deadline.abort());
  try {
    const log = new TaskLog(key, { ...deps, instance: IMPORTER, signal: deadline.signal });
    const isOurs = ownership(log);
    await log.refresh();
    let outcome = await bringUp(log, isOurs, whole, before);
    while (outcome === 'overtaken') outcome = await bringUp(log, isOurs, whole, before);
    if (outcome === 'kept') return outcome;
    // An interrupted import may have left its head unwritten, too.
    const head = taskHead(key, log.state);
    if (head) await deps.storage.putHead(key, head);
    return outcome;
  } finally {
    cancel();
  }
}

/**
 * Tries once to import the task. Returns `overtaken` if another writer has appended a record in
 * between.
 */
async function bringUp(
  log: TaskLog,
  isOurs: () => boolean,
  task: Task,
  before: () => Promise<void>,
): Promise<Imported | 'overtaken'> {
  if (!isOurs() || log.isExpired()) return 'kept';
  const current = log.task();
  const records = importEntries(current, task);
  if (records.length === 0) return 'unchanged';
  if (log.state.sealed) return 'kept';
  if (!current) await before();
  let { next } = log.state;
  for (const entries of records) {
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    const outcome = await log.append(
      (state) => (compareSlots(state.next, next) === 0 ? { entries } : { refused: 'nothing' }),
      bytes,
    );
    if ('refused' in outcome) return 'overtaken';
    next = outcome.appended.next;
  }
  return 'imported';
}

/**
 * Returns a function that returns true while imports have written all records of the log. Records
 * hidden by a snapshot count as written by others.
 */
function ownership(log: TaskLog): () => boolean {
  let next = FIRST_SLOT;
  let isOurs = true;
  log.listen(({ record, state }) => {
    isOurs &&= record.instance === IMPORTER && compareSlots(record.slot, next) === 0;
    next = state.next;
  });
  return () => isOurs && compareSlots(log.state.next, next) === 0;
}
