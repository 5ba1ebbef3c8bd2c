import type { Step } from '../log/fold.ts';
import { type Slot, slotText } from '../log/slot.ts';

/** What all taps of one task together keep of its last records, in bytes of their bodies. */
export const RECENT_BYTES: number = 1024 * 1024;

/**
 * The last records of one log, for taps that keep up. A tap that falls behind finds its place gone
 * and reads the log itself: nobody waits for the slowest, and memory stays bounded (I8).
 */
export class RecentSteps {
  readonly #steps = new Map<string, Step>();
  #bytes = 0;

  add(step: Step): void {
    this.#steps.set(slotText(step.record.slot), step);
    this.#bytes += step.record.body.length;
    for (const [slot, oldest] of this.#steps) {
      if (this.#bytes <= RECENT_BYTES) break;
      this.#steps.delete(slot);
      this.#bytes -= oldest.record.body.length;
    }
  }

  at(slot: Slot): Step | undefined {
    return this.#steps.get(slotText(slot));
  }

  clear(): void {
    this.#steps.clear();
    this.#bytes = 0;
  }
}
