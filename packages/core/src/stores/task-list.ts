import { type ListTasksRequest, type ListTasksResponse, type Task, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { statusTime } from '../a2a/status-time.ts';
import { mapConcurrent } from '../concurrency.ts';
import { errorCode } from '../errors.ts';
import { inSlices } from '../log/pace.ts';
import type { TaskLog } from '../log/task-log.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import { type ListFilter, passes } from '../model/list-filter.ts';
import type { LogState } from '../model/state.ts';
import type { CopyOptions } from '../model/task-picture.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import type { Scope, TaskKey } from '../task-key.ts';
import { ListPage } from './list-page.ts';
import { comparePlaces, type ListPlace } from './list-place.ts';
import { decodePageToken, encodePageToken } from './page-token.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 100;
/** How many tasks are read at once: as many as an AWS client has sockets by default. */
const READS = 50;

/** A task, and the state of its log at that moment. */
export interface ReadTask {
  readonly task: Task;
  readonly state: LogState;
}

/** Returns the task of a log that was read, if it is to be seen, as it is now. */
export async function readTask(
  log: TaskLog,
  clock: Clock,
  options?: CopyOptions,
): Promise<ReadTask | undefined> {
  const { state } = log;
  const picture = log.isExpired() ? undefined : log.picture();
  return picture && { task: await inSlices(picture.copying(options), clock), state };
}

/** What {@link listTasks} works with. */
export interface TaskListDeps {
  readonly storage: Pick<LogStorage, 'list'>;
  /** The task as its log has it now, if it is to be seen. */
  readonly read: (key: TaskKey, options: CopyOptions) => Promise<ReadTask | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs: number;
}

/**
 * A page of an owner's tasks, the newest status first, then by id, both downwards. Newest by the
 * latest timestamp that the task's status ever had, in milliseconds; what never had one comes last.
 * So a task only ever rises: one whose status nobody sets is on exactly one page, any other on at
 * most one. The SDK's stores go by the current timestamp: their order differs where it went back.
 *
 * `totalSize` is exact as far as the index is up to date, which is a matter of milliseconds; it
 * counts also what is about to be found expired because nobody has worked on it. It costs one pass
 * over the owner's part of the index, about 200 bytes a task: 10,000 tasks are some 250 read units.
 *
 * Throws RequestMalformedError, as the SDK's own handler does, for a page size, state, time or token
 * that is none, and for a token of another owner or other filters.
 */
export async function listTasks(
  request: ListTasksRequest,
  scope: Scope,
  deps: TaskListDeps,
): Promise<ListTasksResponse> {
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new RequestMalformedError('pageSize must be between 1 and 100.');
  }
  const filter = toFilter(request, deps);
  const { contextId, state, after } = filter;
  const list = JSON.stringify([scope.tenant, scope.owner, contextId, state, after]);
  const behind = request.pageToken ? decodePageToken(request.pageToken, list) : undefined;
  const page = new ListPage(pageSize, behind);
  await deps.storage.list(scope, filter, (task) => page.show(task));
  const tasks = await mapConcurrent(page.tasks, READS, async ({ taskId }) => {
    const found = await readable(deps, { ...scope, taskId }, request);
    return found && belongs(found, filter, behind) ? found.task : undefined;
  });
  const last = page.tasks.at(-1);
  return {
    tasks: tasks.filter((task) => task !== undefined),
    nextPageToken: last && page.hasMore ? encodePageToken(last, list) : '',
    pageSize,
    totalSize: page.total,
  };
}

function toFilter(request: ListTasksRequest, { clock, retentionMs }: TaskListDeps): ListFilter {
  return {
    contextId: request.contextId || undefined,
    state: toState(request.status),
    after: toTime(request.statusTimestampAfter),
    endedSince: clock.now() - retentionMs,
  };
}

function toState(state: TaskState | undefined): TaskState | undefined {
  if (state === undefined || state === TaskState.TASK_STATE_UNSPECIFIED) return undefined;
  if (TaskState[state] === undefined || state === TaskState.UNRECOGNIZED) {
    throw new RequestMalformedError('The status filter is not a task state.');
  }
  return state;
}

function toTime(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const time = statusTime(text) ?? Date.parse(text);
  if (Number.isNaN(time)) {
    throw new RequestMalformedError('statusTimestampAfter must be an ISO 8601 date.');
  }
  return time;
}

/** One task that cannot be read does not take the others away, as in the SDK's `DatabaseTaskStore`. */
async function readable(
  deps: TaskListDeps,
  key: TaskKey,
  { historyLength, includeArtifacts = false }: ListTasksRequest,
): Promise<ReadTask | undefined> {
  try {
    return await deps.read(key, { historyLength, artifacts: includeArtifacts });
  } catch (error) {
    if (errorCode(error) !== 'corrupt-log') throw error;
    deps.logger.warn('list.task-left-out', { ...taskFields(key), ...errorFields(error) });
    return undefined;
  }
}

/**
 * False if the task does not belong here, whatever the index said, which lags: by its log it does not
 * pass the filter, or has risen to before this page, where it may have been shown already.
 */
function belongs(
  { task, state: { status, writtenAtMs } }: ReadTask,
  filter: ListFilter,
  behind: ListPlace | undefined,
): boolean {
  if (!status || (filter.contextId !== undefined && task.contextId !== filter.contextId)) {
    return false;
  }
  const { latest, state, timestamp } = status;
  if (behind && comparePlaces({ latest, taskId: task.id }, behind) <= 0) return false;
  return passes({ state, timestamp: statusTime(timestamp), writtenAtMs }, filter);
}
