import type { Clock } from '../clock.ts';
import type { Entropy } from '../entropy.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import type { LogStorage, SnapshotName } from './storage.ts';
import type { TaskLog } from './task-log.ts';

/** A log with less than this after its snapshot is read fast enough as it is. */
const MIN_TAIL_BYTES = 1024 * 1024;
/** A snapshot pays when what it replaces is so many times larger. */
const GAIN = 4;
/** Of what ages nothing goes for another retention: there is time to try again, in milliseconds. */
const RETRY_AFTER_MS = 60_000;
/** A reader that found the old snapshot has read it by then, in milliseconds. */
const DROP_AFTER_MS = 5 * 60_000;

export interface LogUpkeepDeps {
  readonly storage: LogStorage;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly retentionMs: number;
  readonly signal: AbortSignal;
}

/**
 * Snapshots of one log, only when they pay: when the log has become much larger than the task
 * (artifacts replaced again and again), or when what the task needs is about to expire. So the bytes
 * written stay proportional to those of the events.
 */
export class LogUpkeep {
  readonly #log: TaskLog;
  readonly #deps: LogUpkeepDeps;
  #nextLook = MIN_TAIL_BYTES;
  #retryAt = 0;
  readonly #retried: RetriedStep;
  #writing = false;

  constructor(log: TaskLog, deps: LogUpkeepDeps) {
    this.#log = log;
    this.#deps = deps;
    this.#retried = new RetriedStep('snapshot.failed', deps);
  }

  /** To be called after appends, and now and then. */
  look(): void {
    if (this.#writing || !this.#log.state.hasTask || !this.#log.isConfirmed) return;
    const { bytes, since } = this.#log.tail;
    const { clock, retentionMs } = this.#deps;
    const now = clock.now();
    const isDue = now >= this.#retryAt && since > 0 && now - since > retentionMs;
    const ageing = isDue && !this.#log.isExpired();
    if (!ageing && bytes < this.#nextLook) return;
    const text = this.#log.snapshot();
    if (!ageing && text.length * GAIN > bytes) {
      this.#nextLook = bytes * 2;
      return;
    }
    this.#nextLook = MIN_TAIL_BYTES;
    this.#writing = true;
    void this.#write(text, bytes).finally(() => {
      this.#writing = false;
    });
  }

  async #write(text: string, bytes: number): Promise<void> {
    const { storage, entropy, clock } = this.#deps;
    const snapshot = { id: entropy.id(), slot: this.#log.state.next, text };
    try {
      const { obsolete } = await storage.putSnapshot(this.#log.key, snapshot, clock.now());
      this.#retried.succeeded();
      this.#log.rebase(bytes);
      if (obsolete) this.#dropLater(obsolete);
    } catch (error) {
      // The log is whole without it. Not with every append: tries are bytes written, too.
      this.#nextLook = bytes * 2;
      this.#retryAt = clock.now() + RETRY_AFTER_MS;
      this.#retried.failed(error);
    }
  }

  /**
   * What is not dropped because this instance stops or dies first expires: nothing points at it, and
   * it goes within twice the retention, like all that a task leaves (I7).
   */
  #dropLater(obsolete: SnapshotName): void {
    const { storage, clock, logger, signal } = this.#deps;
    if (signal.aborted) return;
    const cancel = clock.after(DROP_AFTER_MS, () => {
      signal.removeEventListener('abort', cancel);
      storage.dropSnapshot(this.#log.key, obsolete).catch((error: unknown) => {
        logger.warn('snapshot.drop-failed', errorFields(error));
      });
    });
    signal.addEventListener('abort', cancel, { once: true });
  }
}
