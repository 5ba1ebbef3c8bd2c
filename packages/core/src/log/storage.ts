import type { TaskState } from '@a2a-js/sdk';
import type { Scope, TaskKey } from '../task-key.ts';
import type { LogRecord } from './record.ts';
import type { Slot } from './slot.ts';

/** What lists and GetTask's first look need, without reading the log; written when it changes. */
export interface TaskHead {
  readonly taskId: string;
  readonly contextId: string;
  /** Slot of the record that set this status. */
  readonly slot: Slot;
  readonly state: TaskState;
  /** The status' own timestamp, ISO 8601, or empty. */
  readonly timestamp: string;
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
  /** The whole log, in slot order. */
  load(key: TaskKey): Promise<LogRecord[]>;
  /** The records at `from` and after, in slot order. */
  readRecords(key: TaskKey, from: Slot): AsyncIterable<LogRecord>;
  /** Writes the head unless the stored one has the same or a later slot. */
  putHead(key: TaskKey, head: TaskHead): Promise<void>;
  /** All heads of an owner, or of one context of it, in no order. May lag behind the logs. */
  listHeads(scope: Scope, contextId?: string): Promise<TaskHead[]>;
}

export type PutOutcome = { readonly written: true } | { readonly taken: LogRecord };
