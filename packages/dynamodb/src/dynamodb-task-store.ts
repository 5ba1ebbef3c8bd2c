import type { Logger } from '@a2a-aws/core';
import {
  assertOptionNames,
  LogTaskStore,
  type LogTaskStoreDeps,
  type OptionNames,
  stderrLogger,
} from '@a2a-aws/core/internal';
import type { ListTasksRequest, ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { DynamoDBLogStorage } from './dynamodb-log-storage.ts';
import { STORE_OPTIONS, type StoreOptions, storeSettings } from './store-options.ts';

export interface DynamoDBTaskStoreOptions extends StoreOptions {
  /** @default JSON lines on stderr, warnings and errors only */
  readonly logger?: Logger | undefined;
  /** The number of index partitions for an owner's tasks, as in `DynamoDBStorageOptions`. @default 4 */
  readonly ownerShards?: number | undefined;
}

const NAMES: OptionNames<DynamoDBTaskStoreOptions> = {
  ...STORE_OPTIONS,
  logger: true,
  ownerShards: true,
};

/** Returns the dependencies that these options describe. Throws `configuration` for an option that does not exist. */
export function taskStoreDeps(options: DynamoDBTaskStoreOptions): LogTaskStoreDeps {
  assertOptionNames('DynamoDBTaskStore', options, NAMES);
  const { ownerShards, logger = stderrLogger } = options;
  const { ownerResolver, retentionMs, clock, entropy, ...table } = storeSettings(options);
  return {
    storage: new DynamoDBLogStorage({ ...table, retentionMs, ownerShards, logger }),
    scopeOf: (context) => ({ tenant: context.tenant ?? '', owner: ownerResolver(context) }),
    logger,
    clock,
    entropy,
    retentionMs,
  };
}

/**
 * A `TaskStore` on DynamoDB for the SDK's own `DefaultRequestHandler`.
 *
 * A save is compared with the task that the same `ServerCallContext` loaded, and only the difference
 * is appended. Two instances that save at the same time therefore keep each other's changes. Tasks
 * of this store have no runs, so they are not recovered when their instance dies.
 *
 * @example
 * ```ts
 * import { DefaultRequestHandler } from '@a2a-js/sdk/server';
 * import { createDynamoDBClient, DynamoDBTaskStore } from 'a2a-aws';
 *
 * const client = createDynamoDBClient();
 * const taskStore = new DynamoDBTaskStore({ client, tableName: 'agents' });
 * const requestHandler = new DefaultRequestHandler(agentCard, taskStore, executor);
 * ```
 */
export class DynamoDBTaskStore implements TaskStore {
  readonly #store: LogTaskStore;

  /** @throws {BackendError} `configuration` for an option that does not exist. */
  constructor(options: DynamoDBTaskStoreOptions) {
    this.#store = new LogTaskStore(taskStoreDeps(options));
  }

  /**
   * For a server's start.
   * @throws {BackendError} `table-not-found`, `table-mismatch` and others if the table does not
   * meet the requirements.
   */
  check(): Promise<void> {
    return this.#store.check();
  }

  /**
   * Resolves with the task, or `undefined` if there is none.
   * @throws {BackendError} if the table cannot be read, or the id is invalid.
   */
  load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    return this.#store.load(taskId, context);
  }

  /**
   * Appends the additions in `task` to the task that this request loaded. A task that has ended
   * does not change.
   * @throws {BackendError} if the table cannot be written, or the task is invalid.
   */
  save(task: Task, context: ServerCallContext): Promise<void> {
    return this.#store.save(task, context);
  }

  /** Resolves with a page of the caller's tasks, the newest status first. */
  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return this.#store.list(params, context);
  }

  /**
   * Deletes the task and its content, if there is one. May be called again if it was interrupted.
   * @throws {BackendError} `task-running` while an instance works on it.
   */
  delete(taskId: string, context: ServerCallContext): Promise<void> {
    return this.#store.delete(taskId, context);
  }
}
