import { type TaskHead, taskHead } from '../model/listed-task.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import { type RetryDeps, retryUntilDone } from '../retry.ts';
import type { TaskLog } from './task-log.ts';

export interface HeadWriterDeps extends RetryDeps {
  readonly storage: LogStorage;
}

/** Keeps a task's head at the fold's last status: one write at a time, always the newest status. */
export class HeadWriter {
  readonly #log: TaskLog;
  readonly #deps: HeadWriterDeps;
  #written: Slot | undefined;
  #writing: Promise<void> | undefined;

  constructor(log: TaskLog, deps: HeadWriterDeps) {
    this.#log = log;
    this.#deps = deps;
  }

  /**
   * Resolves when the head holds the fold's status. Retries until then; rejects with `draining`
   * when the instance stops, and with errors that are not retryable.
   */
  async flush(): Promise<void> {
    // A newer status may be due when the present write is done.
    while (this.#due()) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    while (this.#due()) {
      // A head must not come from records that only doorbells have brought, because it would never
      // be replaced.
      if (!this.#log.isConfirmed) {
        await retryUntilDone('log.refresh', this.#deps, () => this.#log.refresh());
      }
      const due = this.#due();
      if (!due) return;
      await retryUntilDone('head.write', this.#deps, () =>
        this.#deps.storage.putHead(this.#log.key, due),
      );
      this.#written = due.slot;
    }
  }

  #due(): TaskHead | undefined {
    const head = taskHead(this.#log.key, this.#log.state);
    if (!head || (this.#written && compareSlots(head.slot, this.#written) <= 0)) return undefined;
    return head;
  }
}
