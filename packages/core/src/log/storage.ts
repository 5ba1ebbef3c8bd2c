import type { TaskState } from '@a2a-js/sdk';
import type { Scope, TaskKey } from '../task-key.ts';
import type { LogRecord } from './record.ts';
import type { Slot } from './slot.ts';
import type { LogState } from './state.ts';

/** What a list needs to know of a task, without reading its log. */
export interface ListedTask {
  readonly taskId: string;
  readonly contextId: string;
  readonly state: TaskState;
  /** The status' own timestamp, ISO 8601, or empty. */
  readonly timestamp: string;
}

/** A task's last status, written when it changes. */
export interface TaskHead extends ListedTask {
  /** Slot of the record that set this status. */
  readonly slot: Slot;
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
  /** All tasks of an owner, or of one context of it, in no order. May lag behind the logs. */
  list(scope: Scope, contextId?: string): Promise<ListedTask[]>;
}

export type PutOutcome = { readonly written: true } | { readonly taken: LogRecord };

/** The head of a log in this state; nothing before its first Task event. */
export function taskHead(key: TaskKey, state: LogState): TaskHead | undefined {
  const { status, contextId = '' } = state;
  return (
    status && {
      taskId: key.taskId,
      contextId,
      slot: status.slot,
      state: status.state,
      timestamp: status.timestamp,
    }
  );
}
