import { elapsed } from '../clock.ts';

/** How often an instance with open taps rings itself, in milliseconds. */
export const CANARY_MS = 4_000;
/** Without hearing anything for this long the doorbell counts as dead: three canaries in a row. */
export const PROOF_MS = 12_000;
/**
 * A doorbell that was dead counts as alive only this long after it was heard again: what was given
 * up before the way opened is found by reading, and another route may open later.
 */
export const SETTLE_MS = 5_000;

/** Whether doorbells arrive, judged by those that did. Times in milliseconds of the own clock. */
export class DoorbellHealth {
  #heardAt: number | undefined;
  #rungAt: number | undefined;
  #isAwaited = false;
  #lagMs: number | undefined;
  #doubtedAt = 0;
  #doubtMs = 0;

  /** A message has arrived. */
  heard(now: number): void {
    if (this.#heardAt === undefined || elapsed(this.#heardAt, now) >= PROOF_MS)
      this.#doubt(SETTLE_MS, now);
    this.#heardAt = now;
  }

  /** What has arrived may have been for us, but in words of another release: reading tells. */
  misheard(now: number): void {
    this.#doubt(PROOF_MS, now);
  }

  /** True if it is time to ring oneself; then counts as rung. */
  ring(now: number): boolean {
    if (this.#rungAt !== undefined && elapsed(this.#rungAt, now) < CANARY_MS) return false;
    this.#rungAt = now;
    this.#isAwaited = true;
    return true;
  }

  /** The own ring has come back. */
  returned(now: number): void {
    if (!this.#isAwaited || this.#rungAt === undefined) return;
    this.#isAwaited = false;
    this.#lagMs = elapsed(this.#rungAt, now);
  }

  /** How long the last ring that came back was under way; nothing if none is known of. */
  get lagMs(): number | undefined {
    return this.#lagMs;
  }

  /** Nobody taps: no canary, no proof. The next tap starts unproven. */
  rest(): void {
    this.#heardAt = undefined;
    this.#rungAt = undefined;
    this.#lagMs = undefined;
  }

  /** True while the way from publish to receive was seen open lately, and for a while. */
  proven(now: number): boolean {
    if (this.#heardAt === undefined || elapsed(this.#doubtedAt, now) < this.#doubtMs) return false;
    return elapsed(this.#heardAt, now) < PROOF_MS;
  }

  #doubt(ms: number, now: number): void {
    if (this.#doubtMs - elapsed(this.#doubtedAt, now) >= ms) return;
    this.#doubtedAt = now;
    this.#doubtMs = ms;
  }
}
