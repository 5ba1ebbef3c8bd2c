import { ListTasksRequest, type Task } from '@a2a-js/sdk';
import { type PushNotificationStore, ServerCallContext, type TaskStore } from '@a2a-js/sdk/server';
import { mapConcurrent } from '../concurrency.ts';
import { errorCode } from '../errors.ts';
import type { Scope } from '../task-key.ts';
import { type Imported, importTask, type TaskImportDeps } from './task-import.ts';

const PAGE_SIZE = 100;
/** How many tasks are imported at once. */
const WIDTH = 8;

/** Codes of faults in one task rather than in the table: the other tasks can still be imported. */
const OF_THE_TASK = ['invalid-key', 'invalid-event', 'event-too-large', 'corrupt-log'];

/** The store that tasks are imported from, and their owners. */
export interface ImportSource {
  /** Any store of tasks. */
  readonly from: Pick<TaskStore, 'list' | 'load'>;
  /** Any store of push notification configs; they are imported with their tasks. @default none */
  readonly pushNotifications?: Pick<PushNotificationStore, 'load' | 'loadWithMetadata'> | undefined;
  /** One context (tenant, user, state) for each tenant and owner whose tasks will be imported. */
  readonly contexts: Iterable<ServerCallContext> | AsyncIterable<ServerCallContext>;
}

/** The outcome of an import: counts of the tasks that were found. */
export interface ImportSummary {
  /** Tasks that were imported, or updated with changes from the source. */
  readonly imported: number;
  /** Tasks that were already here in the same state. */
  readonly unchanged: number;
  /** Tasks that were left alone because they were worked on here, have ended, or are deleted. */
  readonly kept: number;
  /** Tasks that cannot be read from the source or cannot be stored here, with the error of each. */
  readonly failed: readonly { readonly taskId: string; readonly error: unknown }[];
}

export interface ImportDeps extends TaskImportDeps {
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly configs: Pick<PushNotificationStore, 'save'>;
}

/**
 * Imports all tasks of the contexts. A task that was worked on here is left alone, so an import may
 * run while servers use the target. It may be interrupted and repeated; a repeated import adds the
 * changes of the source.
 *
 * Rejects with a coded `BackendError` if the table cannot be reached or does not exist.
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
 * Lists all ids before any task is loaded, because the SDK's `InMemoryTaskStore` ends a list early
 * if the last task of a page changes before the next page is read.
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

/** Resolves with `undefined` if the task has disappeared from the source. */
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

/**
 * Must run before the task is written. A config that is deleted here after that does not come back.
 */
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
    // A store reads the version to save a config under from the request.
    await to.save(taskId, requestOf(context, wireVersion), config);
  }
}

/**
 * Returns a fresh request of the same caller, because a store may cache loaded tasks per request.
 */
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
