import type { Generation } from '../model/generation.ts';
import type { ListFilter } from '../model/list-filter.ts';
import type { ListedTask, TaskHead } from '../model/listed-task.ts';
import type { LogRecord } from '../model/record.ts';
import type { Slot } from '../model/slot.ts';
import type { Snapshot, SnapshotName, StoredSnapshot } from '../model/stored-snapshot.ts';
import type { Scope, TaskKey } from '../task-key.ts';

/** The content of a log, for a reader that has none of it yet. */
export interface StoredLog {
  readonly head?: TaskHead | undefined;
  readonly snapshot?: StoredSnapshot | undefined;
  /**
   * The records from the snapshot's slot on, in slot order, read and decoded on demand. May be
   * iterated only once. Expired records may be missing.
   */
  readonly records: AsyncIterable<LogRecord>;
}

/**
 * The storage of the logs of tasks.
 *
 * Reads are strongly consistent (lists may lag) and page to the end. A method rejects with a coded
 * error. A write that failed with `unreachable` may still have taken effect.
 */
export interface LogStorage {
  /** Rejects with a coded error if the table is missing or has the wrong shape. */
  check(): Promise<void>;
  /**
   * Writes the record if its slot is empty. Otherwise resolves with the record in the slot, which
   * may be the same record from an earlier try. This single condition orders, seals and fences a
   * log.
   */
  putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome>;
  /**
   * Resolves with the log as it was at one moment during the call. A snapshot that is incomplete is
   * left out; `records` then holds all records of the log.
   */
  load(key: TaskKey): Promise<StoredLog>;
  /** Returns the records at `from` and later, in slot order. */
  readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord>;
  /**
   * Resolves with the record that contains the event of this generation; `undefined` if it is
   * missing or expired.
   */
  findRecord(key: TaskKey, generation: Generation): Promise<LogRecord | undefined>;
  /** Writes the head unless the stored one has the same or a later slot. */
  putHead(key: TaskKey, head: TaskHead): Promise<void>;
  /**
   * Stores a snapshot and makes it the one that {@link load} finds, unless the present one has a
   * later slot, or the same slot and is kept as long. Resolves with the one of the two that is now
   * obsolete; the caller drops it once no reader can still be using it. `now`, in milliseconds
   * since the epoch, renews how long head and snapshot are kept.
   */
  putSnapshot(key: TaskKey, snapshot: Snapshot, now: number): Promise<SnapshotOutcome>;
  /** Removes the snapshot that {@link putSnapshot} stored under this name. Idempotent. */
  dropSnapshot(key: TaskKey, snapshot: SnapshotName): Promise<void>;
  /**
   * Removes a deleted task's content and takes it off the lists. Records are emptied in place,
   * because a late put would win an empty slot. Must be called again after an interrupted call.
   */
  erase(key: TaskKey): Promise<void>;
  /**
   * Calls `each` with each of an owner's tasks that pass the filter, in no particular order.
   * Resolves after the last. May lag behind the logs. A task whose status changes meanwhile may be
   * missed or repeated. A repeated task has not moved down since.
   */
  list(scope: Scope, filter: ListFilter, each: (task: ListedTask) => void): Promise<void>;
}

/** The snapshot that is no longer needed: the previous one, or the one just written. */
export interface SnapshotOutcome {
  readonly obsolete?: SnapshotName | undefined;
}

export type PutOutcome = { readonly written: true } | { readonly taken: LogRecord };
