import { elapsed } from '../ports/clock.ts';

/** How often an instance with open taps rings itself, in milliseconds. */
export const CANARY_MS = 4_000;
/** How often one without rings itself: each ring costs a publish, a receive and a delete. */
export const IDLE_CANARY_MS: number = 10 * 60_000;
/** A ring that comes back proves the doorbell alive for this long from when it was made. */
export const PROOF_MS = 12_000;
/**
 * A doorbell that was dead counts as alive only this long after it was heard again: what was given
 * up before the way opened is found by reading, and another route may open later.
 */
export const SETTLE_MS = 5_000;

/** The longest that the transport takes to say that it took a ring, all its tries included. */
const LATE_ANSWER_MS = 60_000;

/** Whether doorbells arrive, judged by one's own. Times in milliseconds of the own clock. */
export class DoorbellHealth {
  /** When the latest ring that came back was made. */
  #provenAt: number | undefined;
  #rungAt: number | undefined;
  #lagMs: number | undefined;
  #doubtedAt = 0;
  #doubtMs = 0;
  #isResting = false;
  /** When the latest ring that came back did so. */
  #heardAt: number | undefined;
  /** When the ring was made that came back last. */
  #returned: number | undefined;
  /** When the latest ring was made that the transport took, if none has come back since. */
  #unansweredAt: number | undefined;
  #silentMs = 0;

  /** What has arrived may have been for us, but in words of another release: reading tells. */
  unrecognized(now: number): void {
    this.#doubt(PROOF_MS, now);
  }

  /** True if it is time to ring oneself while somebody taps; then counts as rung. */
  ring(now: number): boolean {
    const isFirst = this.#isResting;
    this.#isResting = false;
    return this.#isDue(isFirst ? 0 : CANARY_MS, now);
  }

  /** The same while nobody taps: seldom, unless the last ring has not come back. */
  shouldProbeIdle(now: number): boolean {
    return this.#isDue(this.#unansweredAt === undefined ? IDLE_CANARY_MS : CANARY_MS, now);
  }

  /** The transport took the ring that was made then. */
  taken(rungAt: number): void {
    // A ring may be back before its sender learns that it was taken.
    if (this.#returned !== undefined && elapsed(rungAt, this.#returned) < LATE_ANSWER_MS) return;
    // A process that stood still was not silent meanwhile.
    if (this.#unansweredAt !== undefined) {
      this.#silentMs += Math.min(elapsed(this.#unansweredAt, rungAt), 2 * CANARY_MS);
    }
    this.#unansweredAt = rungAt;
  }

  /**
   * The ring that was made then has come back. Late or again, as a queue gives what was not deleted,
   * it proves nothing: the way may be closed by now.
   */
  returned(rungAt: number, now: number): void {
    const lag = elapsed(rungAt, now);
    this.#returned = rungAt;
    if (lag < PROOF_MS) {
      this.#unansweredAt = undefined;
      this.#silentMs = 0;
      this.#heardAt = now;
    }
    if (this.#isResting) return;
    const known =
      this.#provenAt === undefined ? Number.POSITIVE_INFINITY : elapsed(this.#provenAt, now);
    if (lag >= Math.min(known, PROOF_MS)) return;
    if (known >= PROOF_MS) this.#doubt(SETTLE_MS, now);
    this.#provenAt = rungAt;
    this.#lagMs = lag;
  }

  /** How long the last ring that came back was under way; undefined if none is known of. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Nobody taps: no proof. The next tap starts unproven. */
  rest(): void {
    this.#isResting = true;
    this.#provenAt = undefined;
    this.#lagMs = undefined;
  }

  /** Another doorbell takes the place of this one: nothing is known of it. */
  reset(): void {
    this.rest();
    this.#rungAt = undefined;
    this.#heardAt = undefined;
    this.#unansweredAt = undefined;
    this.#silentMs = 0;
  }

  /** True while the way from publish to receive was seen open lately, and for a while. */
  proven(now: number): boolean {
    if (this.#provenAt === undefined || elapsed(this.#doubtedAt, now) < this.#doubtMs) return false;
    return elapsed(this.#provenAt, now) < PROOF_MS;
  }

  /** True if no ring that should have come back is missing, and one has; the proof for an idle instance. */
  heard(now: number): boolean {
    if (this.#heardAt === undefined || this.#silentMs >= PROOF_MS) return false;
    return elapsed(this.#heardAt, now) < IDLE_CANARY_MS + PROOF_MS;
  }

  /** For how long the transport has taken rings of which none has come back; 0 if none is missing. */
  get silentMs(): number {
    return this.#silentMs;
  }

  #isDue(everyMs: number, now: number): boolean {
    if (this.#rungAt !== undefined && elapsed(this.#rungAt, now) < everyMs) return false;
    this.#rungAt = now;
    return true;
  }

  #doubt(ms: number, now: number): void {
    if (this.#doubtMs - elapsed(this.#doubtedAt, now) >= ms) return;
    this.#doubtedAt = now;
    this.#doubtMs = ms;
  }
}
