import type { TaskState } from '@a2a-js/sdk';
import { isTerminal } from '../a2a/event.ts';
import type { ListedTask } from './listed-task.ts';

/** Which of an owner's tasks a list shows. Times are milliseconds since the epoch. */
export interface ListFilter {
  readonly contextId?: string | undefined;
  readonly state?: TaskState | undefined;
  /** Tasks whose status has a timestamp, and one after this. */
  readonly after?: number | undefined;
  /** Of tasks that have ended only those that did so then or later: the others have expired. */
  readonly endedSince: number;
}

/** True if a status passes the filter; the context is not looked at. */
export function passes(
  { state, timestamp, writtenAtMs }: Pick<ListedTask, 'state' | 'timestamp' | 'writtenAtMs'>,
  filter: ListFilter,
): boolean {
  if (filter.state !== undefined && state !== filter.state) return false;
  if (filter.after !== undefined && !(timestamp !== undefined && timestamp > filter.after)) {
    return false;
  }
  return !isTerminal(state) || writtenAtMs >= filter.endedSince;
}
