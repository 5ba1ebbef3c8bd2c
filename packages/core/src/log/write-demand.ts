/** The demand is counted over a second, in parts of this many milliseconds. */
const PART_MS = 100;
const PARTS = 10;

/**
 * Counts the records that one instance would write if no event waited for others. Unlike the records
 * that it does write, their number does not depend on the delays, so the delays that follow from it do
 * not oscillate.
 */
export class WriteDemand {
  readonly #parts: number[] = new Array<number>(PARTS).fill(0);
  #part = 0;
  #sum = 0;

  /** Counts one record, at this time in milliseconds. */
  count(nowMs: number): void {
    this.#moveTo(Math.floor(nowMs / PART_MS));
    const at = this.#part % PARTS;
    this.#parts[at] = (this.#parts[at] ?? 0) + 1;
    this.#sum += 1;
  }

  /** The records of the last second. */
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
