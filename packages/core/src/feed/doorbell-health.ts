/** While the doorbell is proven alive, an open log is still read this often, in milliseconds. */
export const RECONCILE_MS = 15_000;
/** While it is not, this often. */
export const RECONCILE_UNPROVEN_MS = 1_000;
/** How often an instance with open taps rings itself. */
export const CANARY_MS = 4_000;
/** Without hearing anything for this long the doorbell counts as dead. */
export const PROOF_MS = 12_000;

/** Whether doorbells arrive, judged by those that did. Times in milliseconds of the own clock. */
export class DoorbellHealth {
  #heardAt: number | undefined;
  #rungAt: number | undefined;

  /** A message has arrived. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** True if it is time to ring oneself; then counts as rung. */
  ring(now: number): boolean {
    if (this.#rungAt !== undefined && now - this.#rungAt < CANARY_MS) return false;
    this.#rungAt = now;
    return true;
  }

  /** Nobody taps: no canary, no proof. The next tap starts unproven. */
  rest(): void {
    this.#heardAt = undefined;
    this.#rungAt = undefined;
  }

  /** True while the way from publish to receive was seen open lately. */
  proven(now: number): boolean {
    return this.#heardAt !== undefined && now - this.#heardAt < PROOF_MS;
  }
}
