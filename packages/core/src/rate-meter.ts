/** A second is counted in parts of this many milliseconds. */
const PART_MS = 100;
const PARTS = 10;

/** Counts how often something has happened in the last second. */
export class RateMeter {
  readonly #parts: number[] = new Array<number>(PARTS).fill(0);
  #part = 0;
  #sum = 0;

  /** Counts one time more, at this time in milliseconds. */
  count(nowMs: number): void {
    this.#moveTo(Math.floor(nowMs / PART_MS));
    const at = this.#part % PARTS;
    this.#parts[at] = (this.#parts[at] ?? 0) + 1;
    this.#sum += 1;
  }

  /** Returns the count of the last second, before this time in milliseconds. */
  perSecond(nowMs: number): number {
    this.#moveTo(Math.floor(nowMs / PART_MS));
    return this.#sum;
  }

  #moveTo(part: number): void {
    // The clock may have been set back.
    const passed = part < this.#part ? PARTS : Math.min(PARTS, part - this.#part);
    for (let n = 0; n < passed; n += 1) {
      const at = (part - n) % PARTS;
      this.#sum -= this.#parts[at] ?? 0;
      this.#parts[at] = 0;
    }
    this.#part = part;
  }
}
