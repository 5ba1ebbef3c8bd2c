import { type TaskHead, taskHead } from '../model/listed-task.ts';
import { compareSlots, type Slot } from '../model/slot.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import { type RetryDeps, retryUntilDone } from '../retry.ts';
import type { TaskLog } from './task-log.ts';

export interface HeadWriterDeps extends RetryDeps {
  readonly storage: LogStorage;
}

/** Keeps a task's head at the fold's last status; one write at a time, only the newest. */
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
   * Resolves when the head holds the fold's status, whoever wrote it. Tries until it does: rejects
   * only when the instance stops (`draining`).
   */
  async flush(): Promise<void> {
    // Also what is due by the time that a write under way is done.
    while (this.#due()) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
      await this.#writing;
    }
  }

  async #write(): Promise<void> {
    while (this.#due()) {
      // A head is never written of what is known from messages alone: no later one would replace it.
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
