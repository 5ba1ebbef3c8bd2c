import type { AppliedRecord } from '../model/fold.ts';
import { type Slot, slotText } from '../model/slot.ts';

/** The size of the last records that are kept for all taps of one task, in bytes of their bodies. */
export const RECENT_BYTES: number = 1024 * 1024;

/**
 * The last records of one log, for taps that keep up. A tap that falls behind does not find its record
 * here and reads the log itself. So no tap waits for the slowest, and memory stays bounded (I8).
 */
export class RecentRecords {
  /** The most events that any tap wants. No more are kept, except those of the last record. */
  maxEvents: number = Number.POSITIVE_INFINITY;
  readonly #steps = new Map<string, { readonly step: AppliedRecord; readonly bytes: number }>();
  #bytes = 0;
  #events = 0;

  add(step: AppliedRecord): void {
    // The tasks in its events share their content with the fold, so they take no memory of their own.
    const bytes = step.record.body.length;
    this.#steps.set(slotText(step.record.slot), { step, bytes });
    this.#bytes += bytes;
    this.#events += step.deliveries.length;
    for (const [slot, oldest] of this.#steps) {
      const isOver = this.#events > this.maxEvents && this.#steps.size > 1;
      if (this.#bytes <= RECENT_BYTES && !isOver) break;
      this.#steps.delete(slot);
      this.#bytes -= oldest.bytes;
      this.#events -= oldest.step.deliveries.length;
    }
  }

  at(slot: Slot): AppliedRecord | undefined {
    return this.#steps.get(slotText(slot))?.step;
  }
}
