import type { ListedTask, LogRecord, Scope, Slot, TaskHead, TaskKey } from '@a2a-aws/core';
import { TaskState } from '@a2a-js/sdk';

export const KEY: TaskKey = { tenant: 'tenant', owner: 'owner', taskId: 'task-1' };
export const SCOPE: Scope = { tenant: 'tenant', owner: 'owner' };

export const head = (at: Slot, fields: Partial<TaskHead> = {}): TaskHead => ({
  taskId: 'task-1',
  contextId: 'context-1',
  state: TaskState.TASK_STATE_WORKING,
  timestamp: 1_700_000_000_000,
  latest: 1_700_000_000_000,
  writtenAtMs: 1_700_000_000_000,
  slot: at,
  ...fields,
});

export const ids = (records: readonly LogRecord[]): string[] => records.map(({ id }) => id);
export const taskIds = (tasks: readonly ListedTask[]): string[] =>
  tasks.map(({ taskId }) => taskId);
