import { elapsed } from '../ports/clock.ts';

/** How often an instance that waits for records sends itself a probe, in milliseconds. */
export const PROBE_MS = 4_000;
/** How often any other instance does: each probe costs a publish, a receive and a delete. */
export const IDLE_PROBE_MS: number = 10 * 60_000;
/** A probe that arrives confirms the doorbell for this long from when it was sent. */
export const CONFIRMED_MS = 12_000;
/**
 * A doorbell that was lost counts as confirmed only this long after a probe has arrived again.
 * Reading finds the records that the transport gave up before, and the routes of other instances
 * may recover later.
 */
export const RECOVERY_MS = 5_000;

/** The longest that the transport takes to report that it took a probe, all its tries included. */
const LATE_ANSWER_MS = 60_000;

/** Judges by this instance's own probes whether doorbells arrive. Times are of its own clock. */
export class DoorbellHealth {
  /** When the newest probe that has arrived was sent. */
  #confirmedAtMs: number | undefined;
  /** When the last probe was due. */
  #probedAtMs: number | undefined;
  #lagMs: number | undefined;
  #unconfirmedAtMs = 0;
  #unconfirmedForMs = 0;
  #isIdle = false;
  /** When a probe last arrived in time. */
  #receivedAtMs: number | undefined;
  /** When the probe was sent that arrived last. */
  #arrivedSentAtMs: number | undefined;
  /** When the last probe was sent that the transport took, if none has arrived since. */
  #unansweredAtMs: number | undefined;
  #silentMs = 0;

  /**
   * A message arrived that this release cannot decode. It may have been for us, so the doorbell is not
   * confirmed for a while.
   */
  unrecognized(nowMs: number): void {
    this.#unconfirm(CONFIRMED_MS, nowMs);
  }

  /** Returns true if a probe is due while this instance waits for records; then counts it as sent. */
  shouldProbe(nowMs: number): boolean {
    const isFirst = this.#isIdle;
    this.#isIdle = false;
    return this.#isDue(isFirst ? 0 : PROBE_MS, nowMs);
  }

  /** The same for an idle instance: seldom, unless the last probe has not arrived. */
  shouldProbeIdle(nowMs: number): boolean {
    return this.#isDue(this.#unansweredAtMs === undefined ? IDLE_PROBE_MS : PROBE_MS, nowMs);
  }

  /** The transport has taken the probe that was sent at `sentAtMs`. */
  probeTaken(sentAtMs: number): void {
    // A probe may arrive before its sender learns that it was taken.
    const arrived = this.#arrivedSentAtMs;
    if (arrived !== undefined && elapsed(sentAtMs, arrived) < LATE_ANSWER_MS) return;
    // While a process stands still, its doorbell is not silent.
    if (this.#unansweredAtMs !== undefined) {
      this.#silentMs += Math.min(elapsed(this.#unansweredAtMs, sentAtMs), 2 * PROBE_MS);
    }
    this.#unansweredAtMs = sentAtMs;
  }

  /**
   * The probe that was sent at `sentAtMs` has arrived. A late or redelivered probe proves nothing: the
   * path may have broken since.
   */
  probeArrived(sentAtMs: number, nowMs: number): void {
    const lag = elapsed(sentAtMs, nowMs);
    this.#arrivedSentAtMs = sentAtMs;
    if (lag < CONFIRMED_MS) {
      this.#unansweredAtMs = undefined;
      this.#silentMs = 0;
      this.#receivedAtMs = nowMs;
    }
    if (this.#isIdle) return;
    const known =
      this.#confirmedAtMs === undefined
        ? Number.POSITIVE_INFINITY
        : elapsed(this.#confirmedAtMs, nowMs);
    if (lag >= Math.min(known, CONFIRMED_MS)) return;
    if (known >= CONFIRMED_MS) this.#unconfirm(RECOVERY_MS, nowMs);
    this.#confirmedAtMs = sentAtMs;
    this.#lagMs = lag;
  }

  /** How long the newest probe that has arrived was under way; `undefined` if there is none. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Nothing here waits for records: the doorbell is not confirmed again before something does. */
  idle(): void {
    this.#isIdle = true;
    this.#confirmedAtMs = undefined;
    this.#lagMs = undefined;
  }

  /** Forgets all probes: another doorbell takes the place of this one. */
  reset(): void {
    this.idle();
    this.#probedAtMs = undefined;
    this.#receivedAtMs = undefined;
    this.#unansweredAtMs = undefined;
    this.#silentMs = 0;
  }

  /** Returns true while the path from publish to receive has lately been open, and for a while. */
  isConfirmed(nowMs: number): boolean {
    if (this.#confirmedAtMs === undefined) return false;
    if (elapsed(this.#unconfirmedAtMs, nowMs) < this.#unconfirmedForMs) return false;
    return elapsed(this.#confirmedAtMs, nowMs) < CONFIRMED_MS;
  }

  /** Returns true if a probe has arrived and none is overdue: the weaker proof for an idle instance. */
  isReceiving(nowMs: number): boolean {
    if (this.#receivedAtMs === undefined || this.#silentMs >= CONFIRMED_MS) return false;
    return elapsed(this.#receivedAtMs, nowMs) < IDLE_PROBE_MS + CONFIRMED_MS;
  }

  /** For how long the transport has taken probes of which none has arrived; 0 if none is overdue. */
  get silentMs(): number {
    return this.#silentMs;
  }

  #isDue(everyMs: number, nowMs: number): boolean {
    if (this.#probedAtMs !== undefined && elapsed(this.#probedAtMs, nowMs) < everyMs) return false;
    this.#probedAtMs = nowMs;
    return true;
  }

  #unconfirm(forMs: number, nowMs: number): void {
    if (this.#unconfirmedForMs - elapsed(this.#unconfirmedAtMs, nowMs) >= forMs) return;
    this.#unconfirmedAtMs = nowMs;
    this.#unconfirmedForMs = forMs;
  }
}
