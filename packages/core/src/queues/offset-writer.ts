import { BackendError, isTransient } from '../errors.ts';
import type { TaskLog } from '../log/task-log.ts';
import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { Place } from '../model/place.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConsumerOffsets } from '../ports/consumer-offsets.ts';
import type { Logger } from '../ports/logger.ts';
import type { TaskKey } from '../task-key.ts';

export interface OffsetWriterDeps {
  readonly offsets: ConsumerOffsets;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The pause between two writes for one tap, in milliseconds: a fast reader costs one write a
 * second.
 */
const PAUSE_MS = 1_000;
/** Consecutive attempts once the tap is closed. */
const LAST_TRIES = 30;

/**
 * Saves the latest place that a named consumer has acknowledged, at most once a second. After a
 * crash, the consumer receives again the events that it has acknowledged since the last write.
 */
export class OffsetWriter {
  readonly #key: TaskKey;
  readonly #consumer: string;
  readonly #deps: OffsetWriterDeps;
  #acknowledged: Place | undefined;
  /** The last place that was saved or given up. Only a later place is tried again. */
  #settled: Place | undefined;
  #failures = 0;
  #log: TaskLog | undefined;
  #epoch = 0;
  #saidGivenUp = false;
  #closed = false;
  readonly #retried: RetriedStep;
  #writing: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(key: TaskKey, consumer: string, deps: OffsetWriterDeps) {
    this.#key = key;
    this.#consumer = consumer;
    this.#deps = deps;
    this.#retried = new RetriedStep('consumer.save-failed', deps);
  }

  /** From now on, saves only places that the table confirms for `log`. */
  provenBy(log: TaskLog): void {
    this.#log = log;
    this.#epoch = log.epoch;
  }

  acknowledge(place: Place): void {
    this.#acknowledged = place;
    if (!this.#cancelPause) void this.#write();
  }

  /**
   * Must be called when the tap is closed. Resolves when the acknowledged place is saved, or when
   * saving has failed, which is logged.
   */
  async flush(): Promise<void> {
    this.#closed = true;
    // The write in flight may be older than the latest acknowledged place.
    await this.#writing;
    await this.#write();
    this.#cancelPause?.();
    this.#cancelPause = undefined;
  }

  #write(): Promise<void> {
    this.#writing ??= this.#save().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #save(): Promise<void> {
    const place = this.#acknowledged;
    if (!place || place === this.#settled) return;
    const { offsets, clock } = this.#deps;
    try {
      await this.#prove();
      await offsets.save(this.#key, this.#consumer, place, clock.now());
      this.#settled = place;
      this.#failures = 0;
      this.#retried.succeeded();
      this.#saidGivenUp = false;
    } catch (error) {
      this.#fail(place, error);
    }
    this.#cancelPause?.();
    this.#cancelPause = clock.after(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      void this.#write();
    });
  }

  /** Rejects with `diverged` if the consumer was given events that no log holds. */
  async #prove(): Promise<void> {
    const log = this.#log;
    if (log && !log.isConfirmed) await log.refresh();
    if (log && log.epoch !== this.#epoch) {
      throw new BackendError('diverged', 'The consumer was given what no log holds.');
    }
  }

  /** Counts a failure. Retries after the pause or at the end, unless that cannot help. */
  #fail(place: Place, error: unknown): void {
    const { logger } = this.#deps;
    this.#failures += 1;
    const isOver = !isTransient(error) || (this.#closed && this.#failures >= LAST_TRIES);
    if (!isOver) {
      this.#retried.failed(error, taskFields(this.#key));
      return;
    }
    this.#settled = place;
    this.#retried.gaveUp();
    if (!this.#saidGivenUp) {
      logger.error('consumer.save-given-up', { ...taskFields(this.#key), ...errorFields(error) });
    }
    this.#saidGivenUp = true;
  }
}
