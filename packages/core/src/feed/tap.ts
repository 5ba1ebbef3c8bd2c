import type { Task } from '@a2a-js/sdk';
import { type Delivery, Fold, type Step, stepRecord } from '../log/fold.ts';
import type { LogRecord } from '../log/record.ts';
import { compareSlots, FIRST_SLOT } from '../log/slot.ts';
import type { LogState } from '../log/state.ts';
import type { LogStorage } from '../log/storage.ts';
import type { TaskLog } from '../log/task-log.ts';
import type { TaskKey } from '../task-key.ts';
import type { RecentSteps } from './recent-steps.ts';

/**
 * A reader of a task's log from a given place: every record after it, each once, in order, whatever
 * the transport does (I3). It pulls: a tap that nobody reads holds one record at the most.
 */
export class Tap {
  readonly #log: TaskLog;
  readonly #recent: RecentSteps;
  readonly #storage: LogStorage;
  #state: LogState;
  #behind: AsyncIterator<LogRecord> | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(log: TaskLog, recent: RecentSteps, storage: LogStorage) {
    this.#log = log;
    this.#recent = recent;
    this.#storage = storage;
    this.#state = log.state;
  }

  /** The state of the log where this tap stands. */
  get state(): LogState {
    return this.#state;
  }

  /** The next record, as soon as there is one; nothing once closed. One call at a time. */
  async next(): Promise<Step | undefined> {
    while (!this.#closed) {
      if (compareSlots(this.#state.next, this.#log.state.next) < 0) {
        const step = this.#recent.at(this.#state.next) ?? (await this.#readStep());
        if (step) {
          this.#state = step.state;
          return step;
        }
      } else {
        await this.#caughtUp();
      }
    }
    return undefined;
  }

  /** Ends the tap: a waiting {@link next} resolves with nothing. Idempotent. */
  close(): void {
    this.#closed = true;
    void this.#behind?.return?.();
    this.#behind = undefined;
    this.#wake?.();
  }

  async #caughtUp(): Promise<void> {
    void this.#behind?.return?.();
    this.#behind = undefined;
    await new Promise<void>((resolve) => {
      const stop = this.#log.listen(() => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        stop();
        resolve();
      };
    });
  }

  /** What the handle no longer keeps, from the log. */
  async #readStep(): Promise<Step | undefined> {
    const at = this.#state.next;
    this.#behind ??= this.#storage.readRecords(this.#log.key, at)[Symbol.asyncIterator]();
    const read = await this.#behind.next();
    if (read.done) {
      this.#behind = undefined;
      return undefined;
    }
    const order = compareSlots(read.value.slot, at);
    if (order < 0) return undefined;
    if (order > 0) {
      // The reader was opened before records that came from memory since: open it anew.
      this.#behind = undefined;
      return undefined;
    }
    return this.#render(stepRecord(this.#state, read.value));
  }

  /** A Task event is the fold at its generation here, too. */
  async #render(step: Step): Promise<Step> {
    if (!step.deliveries.some(({ event }) => event.kind === 'task')) return step;
    const deliveries: Delivery[] = [];
    for (const delivery of step.deliveries) {
      const { event, generation } = delivery;
      const task =
        event.kind === 'task' ? await taskAt(this.#storage, this.#log.key, generation) : undefined;
      deliveries.push(task ? { ...delivery, event: { kind: 'task', data: task } } : delivery);
    }
    return { ...step, deliveries };
  }
}

/** The Task as it was when `generation` was its last event; reads the log from its start. */
export async function taskAt(
  storage: LogStorage,
  key: TaskKey,
  generation: number,
): Promise<Task | undefined> {
  const fold = new Fold();
  let task: Task | undefined;
  for await (const record of storage.readRecords(key, FIRST_SLOT)) {
    if (record.slot.generation > generation) break;
    fold.apply(record, () => {
      if (fold.generation === generation) task ??= fold.task();
    });
  }
  return task;
}
