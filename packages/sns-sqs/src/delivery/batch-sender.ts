import { setMaxListeners } from 'node:events';
import { type Clock, type Entropy, isTransient } from '@a2a-aws/core';
import { backoff, sleep } from '@a2a-aws/core/internal';
import type { EntryOutcome } from './batch-outcome.ts';
import type { ByteBudget } from './byte-budget.ts';
import { RETRY_RANGE } from './retry-range.ts';

/** Entries in one call (Amazon SNS, "PublishBatch"; Amazon SQS, "SendMessageBatch", "DeleteMessageBatch"). */
export const MAX_BATCH_ENTRIES = 10;
const MAX_IN_FLIGHT = 8;
const MAX_TRIES = 3;

export interface BatchSenderOptions<T> {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The most bytes of one batch. */
  readonly batchBytes: number;
  /**
   * Returns how long fewer items than a full batch wait for more, in milliseconds.
   * @default 0: the first item goes out at once, and items that come during a call follow together
   */
  collectMs?(): number;
  /** The budget for all waiting and sent items. Items beyond it are dropped at once. */
  readonly backlog: ByteBudget;
  bytes(item: T): number;
  /**
   * Items of one call with the same key go as one entry of it.
   * @default every item is an entry
   */
  joinKey?(item: T): string | undefined;
  /** Makes one call. Rejects with a BackendError if the call failed as a whole. */
  send(items: readonly T[]): Promise<readonly EntryOutcome[]>;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  readonly finish: (taken: boolean) => void;
  tries: number;
  /** To be sent in a batch of its own, because a batch with it was refused as a whole. */
  alone: boolean;
}

/** Sends items in batches. A failed item is retried, then dropped. */
export class BatchSender<T> {
  readonly #options: BatchSenderOptions<T>;
  readonly #draining = new AbortController();
  #waiting: Entry<T>[] = [];
  #waitingBytes = 0;
  #held = 0;
  #inFlight = 0;
  #onEmpty: (() => void)[] = [];
  /** Ends the time in which items wait for more. */
  #cancelTimer: (() => void) | undefined;
  /** True once the first of the waiting items has waited for long enough. */
  #isLate = false;

  constructor(options: BatchSenderOptions<T>) {
    this.#options = options;
    // Each batch that waits for another try listens.
    setMaxListeners(0, this.#draining.signal);
  }

  /** Resolves to true once the service accepted the item, to false if it was dropped. Never rejects. */
  add(item: T): Promise<boolean> {
    const { batchBytes, backlog } = this.#options;
    const bytes = this.#options.bytes(item);
    if (bytes > batchBytes || !backlog.tryAcquire(bytes)) return Promise.resolve(false);
    this.#held += 1;
    return new Promise((resolve) => {
      const finish = (taken: boolean): void => {
        backlog.release(bytes);
        resolve(taken);
        if (--this.#held === 0) for (const done of this.#onEmpty.splice(0)) done();
      };
      this.#queue([{ item, bytes, finish, tries: 0, alone: false }]);
    });
  }

  /** True while no item waits or is being sent. */
  get isIdle(): boolean {
    return this.#held === 0;
  }

  /** Sends the waiting items and retries none. Resolves when every item was accepted or dropped. */
  drain(): Promise<void> {
    this.#draining.abort();
    this.#pump();
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  #queue(entries: readonly Entry<T>[], where: 'front' | 'back' = 'back'): void {
    for (const entry of entries) this.#waitingBytes += entry.bytes;
    if (where === 'front') this.#waiting = [...entries, ...this.#waiting];
    else this.#waiting.push(...entries);
    // A microtask later, so that the items of one tick go out together.
    void Promise.resolve().then(() => this.#pump());
  }

  #pump(): void {
    while (this.#isDue()) {
      const batch = this.#take();
      this.#stopCollecting();
      void this.#send(batch);
    }
  }

  /**
   * Lets the waiting items wait for more, if they may. Returns true if they do. The time to wait is asked
   * for once, because it becomes 0 as time passes.
   */
  #collect(): boolean {
    if (this.#waiting.length >= MAX_BATCH_ENTRIES || this.#isLate) return false;
    if (this.#draining.signal.aborted) return false;
    if (this.#cancelTimer) return true;
    const ms = this.#options.collectMs?.() ?? 0;
    if (ms <= 0) return false;
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.#cancelTimer = undefined;
      this.#isLate = true;
      this.#pump();
    });
    return true;
  }

  #stopCollecting(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#isLate = false;
  }

  #isDue(): boolean {
    const { length } = this.#waiting;
    if (length === 0 || this.#collect() || this.#inFlight >= MAX_IN_FLIGHT) return false;
    return length >= worthSending(this.#inFlight) || this.#waitingBytes >= this.#options.batchBytes;
  }

  #take(): Entry<T>[] {
    const { batchBytes, joinKey } = this.#options;
    const keys = new Set<string | number>();
    let count = 0;
    let bytes = 0;
    for (const entry of this.#waiting) {
      const key = joinKey?.(entry.item) ?? count;
      const full = keys.size === MAX_BATCH_ENTRIES && !keys.has(key);
      if (count > 0 && (full || bytes + entry.bytes > batchBytes || entry.alone)) break;
      keys.add(key);
      count += 1;
      bytes += entry.bytes;
      if (entry.alone) break;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #send(batch: readonly Entry<T>[]): Promise<void> {
    this.#inFlight += 1;
    const outcomes = await this.#call(batch);
    this.#inFlight--;
    const again: Entry<T>[] = [];
    batch.forEach((entry, index) => {
      const outcome = outcomes[index] ?? 'failed';
      entry.tries += 1;
      if (outcome !== 'failed') entry.finish(outcome === 'taken');
      else if (entry.tries >= MAX_TRIES) entry.finish(false);
      else again.push(entry);
    });
    this.#pump();
    if (again.length > 0) await this.#retry(again);
  }

  async #call(batch: readonly Entry<T>[]): Promise<readonly EntryOutcome[]> {
    try {
      return await this.#options.send(batch.map((entry) => entry.item));
    } catch (error) {
      if (isTransient(error)) return [];
      if (batch.length === 1) return ['refused'];
      // A single entry may be the cause, and the others must not fail with it.
      for (const entry of batch) entry.alone = true;
      return [];
    }
  }

  async #retry(entries: readonly Entry<T>[]): Promise<void> {
    const { clock, entropy } = this.#options;
    const tries = Math.max(...entries.map((entry) => entry.tries));
    await sleep(clock, backoff(tries, entropy.random(), RETRY_RANGE), this.#draining.signal);
    if (this.#draining.signal.aborted) {
      for (const entry of entries) entry.finish(false);
      return;
    }
    this.#isLate = true;
    this.#queue(entries, 'front');
  }
}

/**
 * Returns how many items must wait to justify another call: 1 while at most one call is in progress, then
 * twice as many for each. A call costs about a millisecond of CPU, a waiting doorbell costs latency.
 */
export function worthSending(inFlight: number): number {
  return Math.min(MAX_BATCH_ENTRIES, 2 ** Math.max(0, inFlight - 1));
}
