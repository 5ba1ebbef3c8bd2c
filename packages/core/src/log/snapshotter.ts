import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import type { Sliced } from '../model/sliced.ts';
import { encodeSnapshot } from '../model/snapshot.ts';
import type { SnapshotName } from '../model/stored-snapshot.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import type { Tail } from './log-fold.ts';
import { inSlices } from './pace.ts';
import type { TaskLog } from './task-log.ts';

/** A log with fewer bytes than this after its snapshot is read fast enough. */
const MIN_TAIL_BYTES = 1024 * 1024;
/** So is a log with fewer records than this after it. */
const MIN_TAIL_RECORDS = 1_000;
/** A snapshot pays if the bodies that it replaces are this many times larger, … */
const GAIN = 4;
/** … or if it has at most this many characters for each short record that it replaces. */
const RECORD_GAIN = 1_536;
/** The average body of short records is at most this large, in bytes. */
const SHORT_RECORD_BYTES = 512;
/**
 * Delay before retrying a failed renewal, in milliseconds. Nothing expires before another retention
 * period has passed, so this is not urgent.
 */
const RETRY_AFTER_MS = 60_000;
/** After this time every reader of the old snapshot has finished, in milliseconds. */
const DROP_AFTER_MS = 5 * 60_000;

export interface SnapshotterDeps {
  readonly storage: LogStorage;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly retentionMs: number;
  readonly signal: AbortSignal;
}

/**
 * Writes snapshots of one log, only when they pay: the log has become much larger than the task
 * (artifacts replaced again and again), or consists of very many short records (a long
 * conversation), or records that the task needs are about to expire. So the bytes written stay
 * proportional to those of the events. A conversation of short messages gets a snapshot
 * when it has grown by about a fifth.
 */
export class Snapshotter {
  readonly #log: TaskLog;
  readonly #deps: SnapshotterDeps;
  #nextBytes = MIN_TAIL_BYTES;
  #nextRecords = MIN_TAIL_RECORDS;
  #retryAtMs = 0;
  readonly #retried: RetriedStep;
  #writing = false;

  constructor(log: TaskLog, deps: SnapshotterDeps) {
    this.#log = log;
    this.#deps = deps;
    this.#retried = new RetriedStep('snapshot.failed', deps);
  }

  /**
   * Writes a snapshot if one is due and pays. Must be called after appends and from time to time.
   */
  maybeSnapshot(): void {
    if (this.#writing || !this.#log.state.hasTask || !this.#log.isConfirmed) return;
    const { tail } = this.#log;
    const { clock, retentionMs } = this.#deps;
    const now = clock.now();
    const isDue = now >= this.#retryAtMs && tail.since > 0 && now - tail.since > retentionMs;
    const ageing = isDue && !this.#log.isExpired();
    if (!ageing && tail.bytes < this.#nextBytes && tail.records < this.#nextRecords) return;
    this.#writing = true;
    void this.#write(tail, ageing).finally(() => {
      this.#writing = false;
    });
  }

  async #write(tail: Tail, ageing: boolean): Promise<void> {
    const { storage, entropy, clock } = this.#deps;
    const slot = this.#log.state.next;
    try {
      // The content is a view of this moment, although the log grows while it is encoded in slices.
      const most = ageing ? Number.POSITIVE_INFINITY : spared(tail);
      const text = await inSlices(upTo(most, encodeSnapshot(this.#log.content())), clock);
      if (text === undefined) {
        this.#raiseThresholds(tail);
        return;
      }
      this.#nextBytes = MIN_TAIL_BYTES;
      this.#nextRecords = MIN_TAIL_RECORDS;
      const snapshot = { id: entropy.id(), slot, text };
      const { obsolete } = await storage.putSnapshot(this.#log.key, snapshot, clock.now());
      this.#retried.succeeded();
      this.#log.rebase(tail);
      if (obsolete) this.#dropLater(obsolete);
    } catch (error) {
      // The log is complete without a snapshot. Attempts cost written bytes, so not every append
      // makes one.
      this.#raiseThresholds(tail);
      this.#retryAtMs = clock.now() + RETRY_AFTER_MS;
      this.#retried.failed(error);
    }
  }

  #raiseThresholds({ bytes, records }: Tail): void {
    this.#nextBytes = Math.max(MIN_TAIL_BYTES, bytes * 2);
    this.#nextRecords = Math.max(MIN_TAIL_RECORDS, records * 2);
  }

  /**
   * Drops a snapshot after a while. If this instance stops or dies first, the snapshot expires
   * within twice the retention, like everything that a task leaves (I7). No head refers to it.
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

/**
 * Returns the largest number of short records that a reader may have to fold: the maximum after a
 * log's last snapshot before another one, of this many characters, is written.
 */
export function maxUnpaidRecords(length: number): number {
  return Math.max(MIN_TAIL_RECORDS, Math.ceil(length / RECORD_GAIN)) - 1;
}

/**
 * Does the work unless its text is longer than `most`. Stops as soon as that is known, so that a
 * try costs no more than a snapshot that pays.
 */
function* upTo(most: number, work: Sliced<string>): Sliced<string | undefined> {
  let length = 0;
  for (;;) {
    const { done, value } = work.next();
    if (done) return value.length > most ? undefined : value;
    length += value;
    if (length > most) return undefined;
    yield value;
  }
}

/** Returns the length of the longest text that would pay. */
function spared({ bytes, records }: Tail): number {
  const isOfShort = records >= MIN_TAIL_RECORDS && bytes <= records * SHORT_RECORD_BYTES;
  return Math.max(bytes / GAIN, isOfShort ? records * RECORD_GAIN : 0);
}
