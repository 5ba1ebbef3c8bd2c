import type { TaskState } from '@a2a-js/sdk';
import { isTerminal } from '../a2a/event.ts';
import type { ListedTask } from './listed-task.ts';

/** Selects the tasks of an owner that a list shows. Times are milliseconds since the epoch. */
export interface ListFilter {
  readonly contextId?: string | undefined;
  readonly state?: TaskState | undefined;
  /** Only tasks whose status has a timestamp after this. */
  readonly after?: number | undefined;
  /** Tasks that ended before this have expired and are left out. */
  readonly endedSince: number;
}

/** Returns true if a status passes the filter; the context is not checked. */
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
