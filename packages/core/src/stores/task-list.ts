import { type ListTasksRequest, type ListTasksResponse, type Task, TaskState } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { limitHistory } from '../a2a/history-limit.ts';
import { decodePageToken, encodePageToken, type PageCursor } from '../a2a/page-token.ts';
import type { ListedTask, LogStorage } from '../log/storage.ts';
import type { Scope, TaskKey } from '../task-key.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 100;

/** A page of an owner's tasks, the newest status first, as the SDK's own stores order them. */
export async function listTasks(
  request: ListTasksRequest,
  scope: Scope,
  storage: LogStorage,
  load: (key: TaskKey) => Promise<Task | undefined>,
  isVisible: (task: ListedTask) => boolean,
): Promise<ListTasksResponse> {
  const pageSize = request.pageSize ?? DEFAULT_PAGE_SIZE;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw new RequestMalformedError('pageSize must be between 1 and 100.');
  }
  const after = parseTime(request.statusTimestampAfter);
  const cursor = request.pageToken ? decodePageToken(request.pageToken) : undefined;
  const listed = await storage.list(scope, request.contextId || undefined);
  const matching = listed
    .filter((task) => hasState(task, request.status) && isAfter(task, after) && isVisible(task))
    .sort(newestFirst);
  const rest = cursor ? matching.filter((task) => newestFirst({ ...cursor }, task) < 0) : matching;
  const page = rest.slice(0, pageSize);
  const tasks = await Promise.all(page.map(({ taskId }) => load({ ...scope, taskId })));
  const last = page.at(-1);
  return {
    tasks: tasks.flatMap((task) => (task ? [trimmed(task, request)] : [])),
    nextPageToken: last && rest.length > page.length ? encodePageToken(last) : '',
    pageSize,
    totalSize: matching.length,
  };
}

function hasState(task: ListedTask, state: TaskState | undefined): boolean {
  if (state === undefined || state === TaskState.TASK_STATE_UNSPECIFIED) return true;
  if (TaskState[state] === undefined || state === TaskState.UNRECOGNIZED) {
    throw new RequestMalformedError('The status filter is not a task state.');
  }
  return task.state === state;
}

function parseTime(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) {
    throw new RequestMalformedError('statusTimestampAfter must be an ISO 8601 date.');
  }
  return time;
}

function isAfter(task: ListedTask, time: number | undefined): boolean {
  return time === undefined || Date.parse(task.timestamp) > time;
}

function newestFirst(a: PageCursor, b: PageCursor): number {
  return compare(b.timestamp, a.timestamp) || compare(b.taskId, a.taskId);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function trimmed(task: Task, request: ListTasksRequest): Task {
  const shown = limitHistory(task, request.historyLength);
  return request.includeArtifacts ? shown : { ...shown, artifacts: [] };
}
