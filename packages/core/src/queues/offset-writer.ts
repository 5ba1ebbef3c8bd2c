import type { Clock } from '../clock.ts';
import { errorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { TaskKey } from '../task-key.ts';
import type { ConsumerOffsets } from './consumer-offsets.ts';
import type { Place } from './queued-event.ts';

export interface OffsetWriterDeps {
  readonly offsets: ConsumerOffsets;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two writes for one tap, in milliseconds: a fast reader costs a write a second. */
const PAUSE_MS = 1_000;

/**
 * Remembers what a named consumer has acknowledged: the latest place, now and then. A crash costs
 * what was acknowledged since the last write, which is then given again.
 */
export class OffsetWriter {
  readonly #key: TaskKey;
  readonly #consumer: string;
  readonly #deps: OffsetWriterDeps;
  #acknowledged: Place | undefined;
  #saved: Place | undefined;
  #failing = false;
  #writing: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(key: TaskKey, consumer: string, deps: OffsetWriterDeps) {
    this.#key = key;
    this.#consumer = consumer;
    this.#deps = deps;
  }

  acknowledge(place: Place): void {
    this.#acknowledged = place;
    if (!this.#cancelPause) void this.#write();
  }

  /** Resolves when all that was acknowledged is remembered, or could not be, which is logged. */
  async flush(): Promise<void> {
    // What is being written may be older than what was acknowledged since.
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
    if (!place || place === this.#saved) return;
    const { offsets, clock, logger } = this.#deps;
    try {
      await offsets.save(this.#key, this.#consumer, place, clock.now());
      this.#saved = place;
      this.#failing = false;
    } catch (error) {
      // Tried again after the pause, or at the end.
      if (!this.#failing) logger.warn('consumer.save-failed', { code: errorCode(error) });
      this.#failing = true;
    }
    this.#cancelPause?.();
    this.#cancelPause = clock.after(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      void this.#write();
    });
  }
}
