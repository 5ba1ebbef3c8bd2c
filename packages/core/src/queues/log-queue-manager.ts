import type { LogState } from '../model/state.ts';
import type { OpenLog } from '../reading/open-log.ts';
import { assertTaskKey, type TaskKey, taskKeyText } from '../task-key.ts';
import { DistributedEventQueue } from './distributed-event-queue.ts';
import type { EventQueue, TapOptions } from './event-queue.ts';
import { EventTap } from './event-tap.ts';
import { NoTaskQueue, TaskQueueExists } from './queue-errors.ts';
import type { QueueDeps } from './queue-host.ts';
import type { QueueManager, QueueOptions } from './queue-manager.ts';
import { tapReading } from './tap-reading.ts';

/** Creates queues and taps of the tasks in the log. */
export class LogQueueManager implements QueueManager {
  readonly #deps: QueueDeps;
  /** The queues that accept events here. */
  readonly #queues = new Map<string, DistributedEventQueue>();

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  async add(key: TaskKey, options: QueueOptions = {}): Promise<EventQueue> {
    if (this.#queues.has(taskKeyText(key))) throw new TaskQueueExists();
    return this.#create(key, options);
  }

  async get(key: TaskKey): Promise<EventQueue | undefined> {
    return this.#queues.get(taskKeyText(key));
  }

  async tap(key: TaskKey, options: TapOptions = {}): Promise<EventTap | undefined> {
    assertTaskKey(key);
    const host = this.#deps.host();
    host.assertReady();
    const reading = await tapReading(key, options, this.#deps);
    // A queue that was created but not used yet has no run in the log, so open it. If that fails,
    // the tap still reads the existing log.
    await this.#queues
      .get(taskKeyText(key))
      ?.open()
      .catch(() => {});
    const { open, release } = await host.logs.follow(key);
    try {
      if (isUnknown(open)) {
        release();
        return undefined;
      }
      reading.offsets?.provenBy(open.log);
      const tap = (again?: TapOptions): Promise<EventTap> => this.#tapAgain(key, again);
      return new EventTap({ open, signal: host.signal, isOver, tap, release }, reading);
    } catch (error) {
      release();
      throw error;
    }
  }

  async createOrTap(key: TaskKey, options: QueueOptions & TapOptions = {}): Promise<EventQueue> {
    return this.#queues.get(taskKeyText(key))?.tap(options) ?? this.#create(key, options);
  }

  async close(key: TaskKey): Promise<void> {
    const queue = this.#queues.get(taskKeyText(key));
    if (queue) return queue.close();
    if (!(await this.#hasEnded(key))) throw new NoTaskQueue();
  }

  #create(key: TaskKey, { contextId }: QueueOptions): EventQueue {
    assertTaskKey(key);
    this.#deps.host().assertReady();
    const text = taskKeyText(key);
    const queue = new DistributedEventQueue(key, contextId, this.#deps, () => {
      this.#queues.delete(text);
    });
    this.#queues.set(text, queue);
    return queue;
  }

  async #tapAgain(key: TaskKey, options?: TapOptions): Promise<EventTap> {
    const tap = await this.tap(key, options);
    if (!tap) throw new NoTaskQueue();
    return tap;
  }

  async #hasEnded(key: TaskKey): Promise<boolean> {
    assertTaskKey(key);
    const host = this.#deps.host();
    const open = host.logs.acquire(key);
    try {
      await open.log.refresh();
      return open.log.state.sealed;
    } finally {
      host.logs.release(open);
    }
  }
}

/** Returns true if the task has never had a run, or is no longer visible. */
function isUnknown({ log }: OpenLog): boolean {
  return log.isExpired() || (!log.state.hasTask && log.state.runs.size === 0);
}

/** Returns true if the task has ended, or its last active run has stopped. */
function isOver(state: LogState, before?: LogState): boolean {
  return state.sealed || (before !== undefined && isWorkedOn(before) && !isWorkedOn(state));
}

function isWorkedOn(state: LogState): boolean {
  return state.open.size > 0;
}
