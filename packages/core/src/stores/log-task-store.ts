import { type ListTasksRequest, type ListTasksResponse, Task } from '@a2a-js/sdk';
import type { ServerCallContext, TaskStore } from '@a2a-js/sdk/server';
import { deepCopy } from '../a2a/deep-copy.ts';
import { exactJson } from '../a2a/exact-json.ts';
import { BackendError } from '../errors.ts';
import { Backlog } from '../log/backlog.ts';
import { Snapshotter } from '../log/snapshotter.ts';
import { TaskLog } from '../log/task-log.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import { taskHead } from '../model/listed-task.ts';
import { proposeDelete } from '../model/proposal.ts';
import { compareSlots } from '../model/slot.ts';
import type { CopyOptions } from '../model/task-picture.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import { assertTaskKey, type Scope, type TaskKey } from '../task-key.ts';
import { proposeSave } from './save-proposal.ts';
import { listTasks, type ReadTask, readTask } from './task-list.ts';

/** A save or a deletion is retried for this long, in milliseconds. */
const WRITE_DEADLINE_MS = 15_000;
/** A store is never stopped. */
const NEVER = new AbortController().signal;

/** The dependencies of a {@link LogTaskStore}. */
export interface LogTaskStoreDeps {
  readonly storage: LogStorage;
  /** Returns the tenant and owner whose tasks a request may see. */
  readonly scopeOf: (context: ServerCallContext) => Scope;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** A task stays visible for this long after its last change, in milliseconds. */
  readonly retentionMs: number;
}

/**
 * The SDK's `TaskStore` on a task log, to be used alone in a plain `DefaultRequestHandler`.
 *
 * A save is compared with the task that the same `ServerCallContext` loaded, and only the
 * difference is appended. So two instances that save at the same time keep each other's changes,
 * and a late save cannot reopen a task that has ended. Tasks of such a store have no runs, so they
 * are not recovered when their instance dies.
 */
export class LogTaskStore implements TaskStore {
  readonly #deps: LogTaskStoreDeps;
  readonly #backlog = new Backlog();
  /** The tasks that each request has loaded or saved, by task id. */
  readonly #seen = new WeakMap<ServerCallContext, Map<string, Task>>();

  constructor(deps: LogTaskStoreDeps) {
    this.#deps = deps;
  }

  /** Rejects with a coded `BackendError` if the storage does not meet the requirements. */
  check(): Promise<void> {
    return this.#deps.storage.check();
  }

  /**
   * Resolves with the task, or `undefined` if there is none. Rejects with a coded `BackendError`.
   */
  async load(taskId: string, context: ServerCallContext): Promise<Task | undefined> {
    const found = await this.#read({ ...this.#deps.scopeOf(context), taskId });
    if (found) this.#remember(context, deepCopy(found.task));
    return found?.task;
  }

  /**
   * Appends the changes in `task`, or no changes if the stored task has ended. Rejects with a coded
   * `BackendError`.
   */
  async save(task: Task, context: ServerCallContext): Promise<void> {
    const key = { ...this.#deps.scopeOf(context), taskId: task.id };
    assertTaskKey(key);
    const { value: saved } = exactJson(task, Task.toJSON, Task.fromJSON);
    const loaded = this.#seen.get(context)?.get(task.id);
    // If this save fails, its outcome is unknown. The next save then compares with no loaded task
    // and appends the whole task, so that no change is applied twice.
    this.#seen.get(context)?.delete(task.id);
    const { propose, bytes } = proposeSave(loaded, saved);
    if (bytes > 0) {
      await this.#write(key, async (log) => {
        await log.append(propose, bytes);
        await this.#updateHead(log);
        new Snapshotter(log, { ...this.#deps, signal: NEVER }).maybeSnapshot();
      });
    }
    this.#remember(context, saved);
  }

  /** Resolves with a page of the caller's tasks, the newest status first. */
  list(params: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    const read = (key: TaskKey, options: CopyOptions): Promise<ReadTask | undefined> =>
      this.#read(key, options);
    return listTasks(params, this.#deps.scopeOf(context), { ...this.#deps, read });
  }

  /**
   * Deletes the task and its content; has no effect if there is none. Rejects with `task-running`
   * while an instance works on it. May be called again after an interrupted call.
   */
  async delete(taskId: string, context: ServerCallContext): Promise<void> {
    const { storage, scopeOf } = this.#deps;
    const key = { ...scopeOf(context), taskId };
    assertTaskKey(key);
    await this.#write(key, async (log) => {
      const outcome = await log.append(proposeDelete());
      if ('refused' in outcome && outcome.refused === 'running') {
        throw new BackendError('task-running', 'The task is being worked on.');
      }
      // An expired task may have left content, too.
      if (log.isExpired()) await storage.erase(key);
    });
    this.#seen.get(context)?.delete(taskId);
  }

  /**
   * Runs `work` with a deadline. An append that has not succeeded by then rejects with the error of
   * its last try.
   */
  async #write(key: TaskKey, work: (log: TaskLog) => Promise<void>): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#deps.clock.after(WRITE_DEADLINE_MS, () => deadline.abort());
    try {
      const log = this.#open(key, deadline.signal);
      await log.refresh();
      await work(log);
    } finally {
      cancel();
    }
  }

  async #read(key: TaskKey, options?: CopyOptions): Promise<ReadTask | undefined> {
    assertTaskKey(key);
    const log = this.#open(key, NEVER);
    await log.refresh();
    const found = await readTask(log, this.#deps.clock, options);
    // Completes a save or deletion that was interrupted after its record. The result is complete
    // without this.
    await this.#completeWrite(log, found !== undefined).catch((error: unknown) => {
      this.#deps.logger.warn('head.repair-failed', {
        ...taskFields(key),
        ...errorFields(error),
      });
    });
    return found;
  }

  /** Completes the head, or the erasure, that an interrupted save or deletion left undone. */
  async #completeWrite(log: TaskLog, isVisible: boolean): Promise<void> {
    if (isVisible) await this.#updateHead(log);
    // Lists count the task as long as it has a head.
    else if (log.state.deleted && log.headSlot) await this.#deps.storage.erase(log.key);
  }

  /** Writes the head if the stored one is missing or older than the log's present status. */
  async #updateHead(log: TaskLog): Promise<void> {
    const head = taskHead(log.key, log.state);
    const isDue = head && !(log.headSlot && compareSlots(log.headSlot, head.slot) >= 0);
    if (isDue) await this.#deps.storage.putHead(log.key, head);
  }

  #open(key: TaskKey, signal: AbortSignal): TaskLog {
    return new TaskLog(key, { ...this.#deps, backlog: this.#backlog, instance: '', signal });
  }

  #remember(context: ServerCallContext, task: Task): void {
    let seen = this.#seen.get(context);
    if (!seen) {
      seen = new Map();
      this.#seen.set(context, seen);
    }
    seen.set(task.id, task);
  }
}
