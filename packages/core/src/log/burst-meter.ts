/** How much one event fills the bucket, in milliseconds. */
const EVENT_MS = 3;
/** A burst fills the bucket by more than this: more than two events at once. Milliseconds. */
const BURST_MS = 6;
/** The bucket holds no more than this, so a burst ends 18 ms after its last event. Milliseconds. */
const FULL_MS = 24;

/**
 * Knows whether one task publishes a burst: more than one event every 3 ms, over some events. It is a
 * leaky bucket, which each event fills by 3 ms, and which empties as time passes.
 */
export class BurstMeter {
  #emptyAtMs = 0;

  /** Counts an event at this time in milliseconds. */
  count(nowMs: number): void {
    this.#emptyAtMs = Math.min(nowMs + FULL_MS, Math.max(this.#emptyAtMs, nowMs) + EVENT_MS);
  }

  /** Returns true if a burst goes on at this time in milliseconds. */
  isBurst(nowMs: number): boolean {
    return this.#emptyAtMs - nowMs > BURST_MS;
  }
}
