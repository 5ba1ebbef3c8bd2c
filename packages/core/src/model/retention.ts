import { isTerminal } from '../a2a/event.ts';
import { BackendError } from '../errors.ts';
import type { ListedTask } from './listed-task.ts';
import type { LogState } from './state.ts';

/** How long a task is kept after it ended or was last worked on, in milliseconds: 30 days. */
export const DEFAULT_RETENTION_MS: number = 30 * 24 * 60 * 60 * 1000;

/** The shortest retention; the clocks of two machines must differ by less. */
export const MIN_RETENTION_MS: number = 24 * 60 * 60 * 1000;

/** Checks a retention option. Throws `configuration` if it is not a number of milliseconds, or too short. */
export function checkedRetention(retentionMs: number = DEFAULT_RETENTION_MS): number {
  if (!Number.isInteger(retentionMs) || retentionMs < MIN_RETENTION_MS) {
    throw new BackendError('configuration', 'retentionMs must be at least a day.');
  }
  return retentionMs;
}

/**
 * Returns when an item written at `time` may be deleted, in seconds since the epoch. It is twice the
 * retention later, so that no visible item is deleted, however punctual the deletion.
 */
export function expiresAt(time: number, retentionMs: number): number {
  return Math.ceil((time + 2 * retentionMs) / 1000);
}

/** Returns true if the task has become invisible; a task with an open run never does. */
export function isExpired(state: LogState, now: number, retentionMs: number): boolean {
  return state.writtenAtMs > 0 && state.open.size === 0 && now - state.writtenAtMs > retentionMs;
}

/** Returns true if the head alone shows that its task has become invisible: it ended long ago. */
export function isHeadExpired(
  head: Pick<ListedTask, 'state' | 'writtenAtMs'>,
  now: number,
  retentionMs: number,
): boolean {
  return isTerminal(head.state) && now - head.writtenAtMs > retentionMs;
}
