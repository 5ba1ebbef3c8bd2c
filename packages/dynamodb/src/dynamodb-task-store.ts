import {
  assertTaskKey,
  type Clock,
  deepCopy,
  type EncodedEntry,
  type Entropy,
  encode,
  type Logger,
  type LogStorage,
  listTasks,
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
  /** What each request has loaded or saved, by task id. */
  readonly #seen = new WeakMap<ServerCallContext, Map<string, Task>>();

  constructor(options: DynamoDBTaskStoreOptions) {
    const { client, tableName, prefix = 'a2a', ownerResolver = resolveUserScope } = options;
    this.#storage = new DynamoDBLogStorage({ client, tableName, prefix });
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
    return listTasks(params, this.#scopeOf(context), this.#storage, (key) => this.#load(key));
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
    return log.task();
  }

  #open(key: TaskKey, signal: AbortSignal = new AbortController().signal): TaskLog {
    return new TaskLog(key, {
      storage: this.#storage,
      instance: '',
      clock: this.#clock,
      entropy: this.#entropy,
      logger: this.#logger,
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
