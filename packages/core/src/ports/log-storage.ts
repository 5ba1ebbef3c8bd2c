import type { ListFilter } from '../model/list-filter.ts';
import type { ListedTask, TaskHead } from '../model/listed-task.ts';
import type { LogRecord } from '../model/record.ts';
import type { Slot } from '../model/slot.ts';
import type { Snapshot, SnapshotName, StoredSnapshot } from '../model/stored-snapshot.ts';
import type { Scope, TaskKey } from '../task-key.ts';

/** What a log holds, for a reader that has nothing yet. */
export interface StoredLog {
  readonly head?: TaskHead | undefined;
  readonly snapshot?: StoredSnapshot | undefined;
  /**
   * The records from the snapshot's slot on, in slot order, read and decoded as they are asked for;
   * to be iterated once. What expired may be missing.
   */
  readonly records: AsyncIterable<LogRecord>;
}

/**
 * Where the logs of tasks are kept.
 *
 * Reads are strongly consistent (lists may lag) and page to the end. A method fails with a coded
 * error; a write that failed with `unreachable` may have happened all the same.
 */
export interface LogStorage {
  /** Fails with a coded error if the table is missing or not of the right shape. */
  check(): Promise<void>;
  /**
   * Writes the record if its slot is empty; else tells what is there, which may be the same record
   * from an earlier try. This one condition is what orders, seals and fences a log.
   */
  putRecord(key: TaskKey, record: LogRecord): Promise<PutOutcome>;
  /**
   * The log as it was at one moment of the call. A snapshot that cannot be found whole is left out:
   * then the records are all that there are.
   */
  load(key: TaskKey): Promise<StoredLog>;
  /** The records at `from` and after, in slot order. */
  readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord>;
  /** The record that holds the event of this generation; nothing if it is not there, or not any more. */
  findRecord(key: TaskKey, generation: number): Promise<LogRecord | undefined>;
  /** Writes the head unless the stored one has the same or a later slot. */
  putHead(key: TaskKey, head: TaskHead): Promise<void>;
  /**
   * Stores a snapshot, then makes it the one that {@link load} finds, unless that has a later slot,
   * or the same and is kept as long. Tells which of the two is obsolete, to be dropped once nobody
   * can be reading it. `now`, in milliseconds since the epoch, renews how long head and snapshot are
   * kept.
   */
  putSnapshot(key: TaskKey, snapshot: Snapshot, now: number): Promise<SnapshotOutcome>;
  /** Removes what {@link putSnapshot} stored under this name. Idempotent. */
  dropSnapshot(key: TaskKey, snapshot: SnapshotName): Promise<void>;
  /**
   * Removes a deleted task's content and takes it off the lists. Records are emptied in place: an
   * empty slot would let a late put win it. To be called again if it was cut short.
   */
  erase(key: TaskKey): Promise<void>;
  /**
   * Calls back for each of an owner's tasks that pass the filter, in no order; resolves after the
   * last. May lag behind the logs. A task whose status changes meanwhile may be missed or repeated;
   * one that is repeated has not fallen since.
   */
  list(scope: Scope, filter: ListFilter, each: (task: ListedTask) => void): Promise<void>;
}

/** Which snapshot nobody needs any more: the one before, or the one just written. */
export interface SnapshotOutcome {
  readonly obsolete?: SnapshotName | undefined;
}

export type PutOutcome = { readonly written: true } | { readonly taken: LogRecord };
