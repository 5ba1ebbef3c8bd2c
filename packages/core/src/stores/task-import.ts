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

/** Writes what imports write. No instance is called so: their ids end in a nonce. */
const IMPORTER = 'import';
/** How long the import of one task tries, in milliseconds. */
const DEADLINE_MS = 60_000;

/**
 * What became of a task. `unchanged`: it was imported before, as it is. `kept`: it has been worked
 * on here since, or has ended, was deleted or has expired; nothing was written.
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
 * Brings a task of another store into its log, as long as nobody but an import has written there:
 * every write is on condition of that. `before` is called before the first write to a log.
 *
 * May be repeated, also after it was cut short, and by several at once. Fails with a coded
 * `BackendError`.
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
    // Also that of one which was cut short before.
    const head = taskHead(key, log.state);
    if (head) await deps.storage.putHead(key, head);
    return outcome;
  } finally {
    cancel();
  }
}

/** One try: `overtaken` if a record of another has come between. */
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

/** True while all records of the log are those of imports. What a snapshot hides counts as others'. */
function ownership(log: TaskLog): () => boolean {
  let next = FIRST_SLOT;
  let isOurs = true;
  log.listen(({ record, state }) => {
    isOurs &&= record.instance === IMPORTER && compareSlots(record.slot, next) === 0;
    next = state.next;
  });
  return () => isOurs && compareSlots(log.state.next, next) === 0;
}
