import { elapsed } from '../clock.ts';

/** How often an instance with open taps rings itself, in milliseconds. */
export const CANARY_MS = 4_000;
/** A ring that comes back proves the doorbell alive for this long from when it was made. */
export const PROOF_MS = 12_000;
/**
 * A doorbell that was dead counts as alive only this long after it was heard again: what was given
 * up before the way opened is found by reading, and another route may open later.
 */
export const SETTLE_MS = 5_000;

/** Whether doorbells arrive, judged by one's own. Times in milliseconds of the own clock. */
export class DoorbellHealth {
  /** When the latest ring that came back was made. */
  #provenAt: number | undefined;
  #rungAt: number | undefined;
  #lagMs: number | undefined;
  #doubtedAt = 0;
  #doubtMs = 0;

  /** What has arrived may have been for us, but in words of another release: reading tells. */
  misheard(now: number): void {
    this.#doubt(PROOF_MS, now);
  }

  /** True if it is time to ring oneself; then counts as rung. */
  ring(now: number): boolean {
    if (this.#rungAt !== undefined && elapsed(this.#rungAt, now) < CANARY_MS) return false;
    this.#rungAt = now;
    return true;
  }

  /**
   * The ring that was made then has come back. Late or again, as a queue gives what was not deleted,
   * it proves nothing: the way may be closed by now.
   */
  returned(rungAt: number, now: number): void {
    const lag = elapsed(rungAt, now);
    const known =
      this.#provenAt === undefined ? Number.POSITIVE_INFINITY : elapsed(this.#provenAt, now);
    if (lag >= Math.min(known, PROOF_MS)) return;
    if (known >= PROOF_MS) this.#doubt(SETTLE_MS, now);
    this.#provenAt = rungAt;
    this.#lagMs = lag;
  }

  /** How long the last ring that came back was under way; nothing if none is known of. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Nobody taps: no canary, no proof. The next tap starts unproven. */
  rest(): void {
    this.#provenAt = undefined;
    this.#rungAt = undefined;
    this.#lagMs = undefined;
  }

  /** True while the way from publish to receive was seen open lately, and for a while. */
  proven(now: number): boolean {
    if (this.#provenAt === undefined || elapsed(this.#doubtedAt, now) < this.#doubtMs) return false;
    return elapsed(this.#provenAt, now) < PROOF_MS;
  }

  #doubt(ms: number, now: number): void {
    if (this.#doubtMs - elapsed(this.#doubtedAt, now) >= ms) return;
    this.#doubtedAt = now;
    this.#doubtMs = ms;
  }
}
