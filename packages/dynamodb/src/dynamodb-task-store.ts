import {
  assertTaskKey,
  BackendError,
  type Clock,
  DEFAULT_RETENTION_MS,
  deepCopy,
  type EncodedEntry,
  type Entropy,
  encode,
  isHeadExpired,
  type Logger,
  type LogStorage,
  listTasks,
  proposeDelete,
  type Scope,
  stderrLogger,
  systemClock,
  systemEntropy,
  type TaskKey,
  TaskLog,
  taskDifference,
  taskHead,
} from '@a2a-aws/core';
import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk';
import {
  type OwnerResolver,
  resolveUserScope,
  type ServerCallContext,
  type TaskStore,
} from '@a2a-js/sdk/server';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoDBLogStorage } from './dynamodb-log-storage.ts';

/** How long a save tries, in milliseconds. */
const SAVE_DEADLINE_MS = 15_000;

export interface DynamoDBTaskStoreOptions {
  /** Made with {@link createDynamoDBClient} or {@link documentClient}. */
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
  /** Begins every partition key. @default `a2a` */
  readonly prefix?: string | undefined;
  /** @default the SDK's: the authenticated user's name */
  readonly ownerResolver?: OwnerResolver | undefined;
  /** @default JSON lines on stderr, warnings and errors only */
  readonly logger?: Logger | undefined;
  /** How long a task stays visible after its last change, in milliseconds. @default 30 days */
  readonly retentionMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly entropy?: Entropy | undefined;
}

/**
 * The SDK's `TaskStore` on the task log, for use alone in a plain `DefaultRequestHandler`.
 *
 * A save is judged against what the same `ServerCallContext` loaded, and only the difference is
 * appended: two instances that save at once lose nothing of each other, and a late save cannot
 * reopen a task that has ended. Tasks of such a store have no runs: nobody recovers them when their
 * instance dies.
 */
export class DynamoDBTaskStore implements TaskStore {
  readonly #storage: LogStorage;
  readonly #scopeOf: (context: ServerCallContext) => Scope;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #retentionMs: number;
  /** What each request has loaded or saved, by task id. */
  readonly #seen = new WeakMap<ServerCallContext, Map<string, Task>>();

  constructor(options: DynamoDBTaskStoreOptions) {
    const { client, tableName, prefix = 'a2a', ownerResolver = resolveUserScope } = options;
    this.#retentionMs = options.retentionMs ?? DEFAULT_RETENTION_MS;
    const retentionMs = this.#retentionMs;
    this.#storage = new DynamoDBLogStorage({ client, tableName, prefix, retentionMs });
    this.#scopeOf = (context) => ({
      tenant: context.tenant ?? '',
      owner: ownerResolver(context),
    });
    this.#logger = options.logger ?? stderrLogger;
    this.#clock = options.clock ?? systemClock;
    this.#entropy = options.entropy ?? systemEntropy;
  }

  /** The task, or nothing. Fails with a coded `BackendError`. */
  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const task = await this.#load({ ...this.#scopeOf(context), taskId });
    if (task) this.#remember(context, task);
    return task;
  }

  /** Appends what `task` adds; nothing if the task has ended. Fails with a coded `BackendError`. */
  async save(task: Task, context: ServerCallContext): Promise<void> {
    const key = { ...this.#scopeOf(context), taskId: task.id };
    assertTaskKey(key);
    const loaded = this.#seen.get(context)?.get(task.id);
    const entries = taskDifference(loaded, task).map(encode);
    if (entries.length > 0) await this.#append(key, entries);
    this.#remember(context, task);
  }

  /** A page of the caller's tasks, the newest status first. */
  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const now = this.#clock.now();
    return listTasks(
      params,
      this.#scopeOf(context),
      this.#storage,
      (key) => this.#load(key),
      (task) => !isHeadExpired(task, now, this.#retentionMs),
    );
  }

  /**
   * Deletes the task and its content; nothing if there is none. Fails with `task-running` while an
   * instance works on it. May be called again if it was cut short.
   */
  async delete(taskId: string, context: ServerCallContext): Promise<void> {
    const key = { ...this.#scopeOf(context), taskId };
    assertTaskKey(key);
    const log = this.#open(key);
    await log.refresh();
    const outcome = await log.append(proposeDelete());
    if ('refused' in outcome && outcome.refused === 'running') {
      throw new BackendError('task-running', 'The task is being worked on.');
    }
    // Also what is left of one that nobody sees any more.
    if (log.isExpired()) await this.#storage.erase(key);
    this.#seen.get(context)?.delete(taskId);
  }

  /** Fails with what the last try met if the table does not take it in time. */
  async #append(key: TaskKey, entries: readonly EncodedEntry[]): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#clock.after(SAVE_DEADLINE_MS, () => deadline.abort());
    try {
      const log = this.#open(key, deadline.signal);
      await log.refresh();
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      await log.append((state) => (state.sealed ? { refused: 'sealed' } : { entries }), bytes);
      const head = taskHead(key, log.state);
      if (head) await this.#storage.putHead(key, head);
    } finally {
      cancel();
    }
  }

  async #load(key: TaskKey): Promise<Task | undefined> {
    assertTaskKey(key);
    const log = this.#open(key);
    await log.refresh();
    return log.isExpired() ? undefined : log.task();
  }

  #open(key: TaskKey, signal: AbortSignal = new AbortController().signal): TaskLog {
    return new TaskLog(key, {
      storage: this.#storage,
      instance: '',
      clock: this.#clock,
      entropy: this.#entropy,
      logger: this.#logger,
      retentionMs: this.#retentionMs,
      signal,
    });
  }

  #remember(context: ServerCallContext, task: Task): void {
    let seen = this.#seen.get(context);
    if (!seen) {
      seen = new Map();
      this.#seen.set(context, seen);
    }
    seen.set(task.id, deepCopy(task));
  }
}
