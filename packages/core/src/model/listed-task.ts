import type { TaskState } from '@a2a-js/sdk';
import { statusTime } from '../a2a/status-time.ts';
import type { TaskKey } from '../task-key.ts';
import type { Slot } from './slot.ts';
import type { LogState } from './state.ts';

/** A task in a list, known without reading its log. Times are milliseconds since the epoch. */
export interface ListedTask {
  readonly taskId: string;
  readonly state: TaskState;
  /** The timestamp of the status, if it has a valid one. */
  readonly timestamp?: number | undefined;
  /** The latest timestamp that the task's status ever had, or 0: it never falls. */
  readonly latest: number;
  /** When the status was stored, by its writer's clock. */
  readonly writtenAtMs: number;
}

/** A task's last status, written when it changes. */
export interface TaskHead extends ListedTask {
  readonly contextId: string;
  /** Slot of the record that set this status. */
  readonly slot: Slot;
}

/** Returns the head of a log in this state; `undefined` before its first Task event. */
export function taskHead(key: TaskKey, state: LogState): TaskHead | undefined {
  const { status, contextId = '' } = state;
  return (
    status && {
      taskId: key.taskId,
      contextId,
      slot: status.slot,
      state: status.state,
      timestamp: statusTime(status.timestamp),
      latest: status.latest,
      writtenAtMs: state.writtenAtMs,
    }
  );
}
