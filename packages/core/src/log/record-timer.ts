import { type Clock, elapsed } from '../ports/clock.ts';
import { RateMeter } from '../rate-meter.ts';
import type { Backlog } from './backlog.ts';
import { BurstMeter } from './burst-meter.ts';
import { alignedDelay, DEFAULT_MAX_RECORD_DELAY_MS, recordDelay } from './record-delay.ts';

/**
 * The demand counts a task at most once in this time, because a task that publishes faster writes
 * fewer records than events. Milliseconds.
 */
const COUNT_MS = 20;

export interface RecordTimerDeps {
  readonly clock: Clock;
  /**
   * The records that the whole instance would write if no event waited for others. Unlike the records
   * that it does write, their number does not depend on the delays, so the delays that follow from it do
   * not oscillate.
   * @default those of this log
   */
  readonly demand?: RateMeter | undefined;
  /** See {@link RecordDelayFacts.maxDelayMs}. @default 250 */
  readonly maxRecordDelayMs?: number | undefined;
}

/** Knows when the records of one log were written, and times the next one. */
export class RecordTimer {
  readonly #clock: Clock;
  readonly #demand: RateMeter;
  readonly #maxDelayMs: number;
  readonly #backlog: Backlog;
  readonly #burst = new BurstMeter();
  #cancel: (() => void) | undefined;
  /** When the last record was begun, in milliseconds; `undefined` before the first one. */
  #lastAtMs: number | undefined;
  #countedAtMs: number | undefined;
  #streak = 0;

  /** `backlog`: the one of the whole instance. */
  constructor({ clock, demand, maxRecordDelayMs }: RecordTimerDeps, backlog: Backlog) {
    this.#clock = clock;
    this.#demand = demand ?? new RateMeter();
    this.#maxDelayMs = maxRecordDelayMs ?? DEFAULT_MAX_RECORD_DELAY_MS;
    this.#backlog = backlog;
  }

  /** Notes that a proposal begins to wait. */
  noteArrival(): void {
    const now = this.#clock.now();
    this.#burst.count(now);
    if (this.#countedAtMs !== undefined && elapsed(this.#countedAtMs, now) < COUNT_MS) return;
    this.#countedAtMs = now;
    this.#demand.count(now);
  }

  /** Notes that a record is begun with all that waits. `isAwaited`: a caller waits for it. */
  noteRecord(isAwaited: boolean): void {
    const now = this.#clock.now();
    this.#streak = isAwaited ? 0 : this.#streakAt(now) + 1;
    this.#lastAtMs = now;
  }

  /** Calls back when a record with this many waiting bytes is due: now, or after a delay. */
  schedule(waitingBytes: number, due: () => void): void {
    const now = this.#clock.now();
    const delay = recordDelay({
      demand: this.#demand.perSecond(now),
      streak: this.#streakAt(now),
      sinceLastMs: this.#sinceLast(now),
      waitingBytes,
      fullness: this.#backlog.fullness,
      maxDelayMs: this.#maxDelayMs,
    });
    if (delay === 0) {
      this.cancel();
      due();
      return;
    }
    this.#cancel ??= this.#clock.after(alignedDelay(delay, now), () => {
      this.#cancel = undefined;
      due();
    });
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #streakAt(now: number): number {
    return this.#burst.isBurst(now) ? this.#streak : 0;
  }

  #sinceLast(now: number): number {
    return this.#lastAtMs === undefined ? Number.POSITIVE_INFINITY : elapsed(this.#lastAtMs, now);
  }
}
