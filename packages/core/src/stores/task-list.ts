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
import { compareListPlaces, type ListPlace } from './list-place.ts';
import { decodePageToken, encodePageToken } from './page-token.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 100;
/** Tasks that are read at once: as many as an AWS client has sockets by default. */
const READS = 50;

/** A task, and the state of its log at the time of the read. */
export interface ReadTask {
  readonly task: Task;
  readonly state: LogState;
}

/** Returns the current task of a log that was read; `undefined` if it is not visible. */
export async function readTask(
  log: TaskLog,
  clock: Clock,
  options?: CopyOptions,
): Promise<ReadTask | undefined> {
  const { state } = log;
  const picture = log.isExpired() ? undefined : log.picture();
  return picture && { task: await inSlices(picture.copying(options), clock), state };
}

/** The dependencies of {@link listTasks}. */
export interface TaskListDeps {
  readonly storage: Pick<LogStorage, 'list'>;
  /** Resolves with the current task of its log; `undefined` if it is not visible. */
  readonly read: (key: TaskKey, options: CopyOptions) => Promise<ReadTask | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs: number;
}

/**
 * Resolves with a page of an owner's tasks, ordered by status time and then by id, both descending.
 * The status time is the latest timestamp that the task's status ever had, in milliseconds; tasks
 * that never had one come last. So a task only moves up: a task whose status does not change is on
 * exactly one page, any other on at most one. The SDK's stores use the current timestamp, so their
 * order differs where a timestamp went back.
 *
 * `totalSize` is exact as far as the index is up to date, which takes milliseconds. It also counts
 * tasks that have expired without an update of the index. It costs one pass over the owner's part
 * of the index, about 200 bytes a task: 10,000 tasks cost some 250 read units.
 *
 * Throws RequestMalformedError, as the SDK's own handler does, for an invalid page size, state,
 * time or token, and for a token of another owner or other filters.
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

/**
 * Resolves with `undefined` for a task that cannot be read, so that it does not hide the others, as
 * in the SDK's `DatabaseTaskStore`.
 */
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
 * Returns false if the task does not belong on this page. The index may lag, so this checks the
 * log: the task may no longer pass the filter, or may have moved up to an earlier page that was
 * already shown.
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
  if (behind && compareListPlaces({ latest, taskId: task.id }, behind) <= 0) return false;
  return passes({ state, timestamp: statusTime(timestamp), writtenAtMs }, filter);
}
