import { ListTasksRequest, type Task } from '@a2a-js/sdk';
import { type PushNotificationStore, ServerCallContext, type TaskStore } from '@a2a-js/sdk/server';
import { mapConcurrent } from '../concurrency.ts';
import { errorCode } from '../errors.ts';
import type { Scope } from '../task-key.ts';
import { type Imported, importTask, type TaskImportDeps } from './task-import.ts';

const PAGE_SIZE = 100;
/** How many tasks are imported at once. */
const WIDTH = 8;

/** What is wrong with one task, not with the table: the others can be imported. */
const OF_THE_TASK = ['invalid-key', 'invalid-event', 'event-too-large', 'corrupt-log'];

/** Where tasks come from, and whose. */
export interface ImportSource {
  /** Any store of tasks. */
  readonly from: Pick<TaskStore, 'list' | 'load'>;
  /** Any store of push notification configs; they come along with their tasks. @default - none */
  readonly pushNotifications?: Pick<PushNotificationStore, 'load' | 'loadWithMetadata'> | undefined;
  /** A context for each tenant and owner whose tasks are to be imported: its tenant, user, state. */
  readonly contexts: Iterable<ServerCallContext> | AsyncIterable<ServerCallContext>;
}

/** What became of the tasks that were found. */
export interface ImportSummary {
  /** Tasks that are here now, or have here now what was new in the source. */
  readonly imported: number;
  /** Tasks that were here already, just so. */
  readonly unchanged: number;
  /** Tasks that were left alone: they have been worked on here, have ended or are deleted. */
  readonly kept: number;
  /** Tasks that cannot be read there, or cannot be stored here, and why. */
  readonly failed: readonly { readonly taskId: string; readonly error: unknown }[];
}

export interface ImportDeps extends TaskImportDeps {
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly configs: Pick<PushNotificationStore, 'save'>;
}

/**
 * Imports all tasks of the contexts. A task that anybody has worked on here is left alone, so this
 * may run while servers use the target, be cut short, and be repeated: then it brings what is new
 * in the source.
 *
 * Rejects with a coded `BackendError` if the table cannot be reached or is not there.
 */
export async function importTasks(source: ImportSource, deps: ImportDeps): Promise<ImportSummary> {
  const counts = { imported: 0, unchanged: 0, kept: 0 };
  const failed: { taskId: string; error: unknown }[] = [];
  for await (const context of source.contexts) {
    await mapConcurrent(await taskIds(source, context), WIDTH, async (taskId) => {
      const outcome = await importOne(source, deps, context, taskId);
      if (typeof outcome === 'string') counts[outcome] += 1;
      else if (outcome) failed.push({ taskId, ...outcome });
    });
  }
  return { ...counts, failed };
}

/**
 * All ids before any task: the SDK's `InMemoryTaskStore` ends a list early when the last task of a
 * page changes before the next.
 */
async function taskIds({ from }: ImportSource, context: ServerCallContext): Promise<string[]> {
  const ids = new Set<string>();
  for (let pageToken: string | undefined; pageToken !== ''; ) {
    const request = {
      ...ListTasksRequest.fromJSON({ historyLength: 0, pageSize: PAGE_SIZE }),
      pageToken: pageToken ?? '',
    };
    const page = await from.list(request, context);
    for (const { id } of page.tasks) ids.add(id);
    pageToken = page.nextPageToken;
  }
  return [...ids];
}

/** Nothing if the task has gone meanwhile. */
async function importOne(
  { from, pushNotifications }: ImportSource,
  deps: ImportDeps,
  context: ServerCallContext,
  taskId: string,
): Promise<Imported | { readonly error: unknown } | undefined> {
  let task: Task | undefined;
  try {
    task = await from.load(taskId, requestOf(context));
  } catch (error) {
    return { error };
  }
  if (!task) return undefined;
  const key = { ...deps.scopeOf(context), taskId };
  try {
    return await importTask(key, task, deps, async () => {
      if (pushNotifications) await importConfigs(pushNotifications, deps.configs, context, taskId);
    });
  } catch (error) {
    if (OF_THE_TASK.includes(errorCode(error))) return { error };
    throw error;
  }
}

/** Before the task: a config that is deleted here after that does not come back. */
async function importConfigs(
  from: NonNullable<ImportSource['pushNotifications']>,
  to: ImportDeps['configs'],
  context: ServerCallContext,
  taskId: string,
): Promise<void> {
  const { requestedVersion } = context;
  const stored =
    (await from.loadWithMetadata?.(taskId, context)) ??
    (await from.load(taskId, context)).map((config) => ({ config, wireVersion: requestedVersion }));
  for (const { config, wireVersion } of stored) {
    // A store takes the version that a config is saved under from the request.
    await to.save(taskId, requestOf(context, wireVersion), config);
  }
}

/** One more request of the same caller: a store may keep what it has loaded as long as its request. */
function requestOf(
  { user, tenant, state, requestedVersion }: ServerCallContext,
  version: string = requestedVersion,
): ServerCallContext {
  return new ServerCallContext({
    requestedVersion: version,
    state,
    ...(user && { user }),
    ...(tenant !== undefined && { tenant }),
  });
}
