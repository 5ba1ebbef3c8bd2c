/** A task whose events are further apart than this, on average, is not in a burst. Milliseconds. */
const EVENT_MS = 3;
/** So many events more than one every 3 ms are a burst. */
const FIRST_EVENTS = 2;
/** A burst of many events goes on although no event comes for this long. Milliseconds. */
const GAP_MS = 18;

/**
 * Knows whether one task publishes a burst: more than one event every 3 ms.
 *
 * Each event takes 3 ms of a supposed time. The task is in a burst while this time is ahead of the
 * clock by more than two events.
 */
export class BurstMeter {
  /** The end of the last event in the supposed time, in milliseconds. */
  #endMs = 0;

  /** Counts an event at this time in milliseconds. */
  count(nowMs: number): void {
    const furthest = nowMs + FIRST_EVENTS * EVENT_MS + GAP_MS;
    this.#endMs = Math.min(furthest, Math.max(this.#endMs, nowMs) + EVENT_MS);
  }

  /** Returns true if a burst goes on at this time in milliseconds. */
  isBurst(nowMs: number): boolean {
    return this.#endMs - nowMs > FIRST_EVENTS * EVENT_MS;
  }
}
