import type { AppliedRecord } from '../model/fold.ts';
import { type Slot, slotText } from '../model/slot.ts';

/** What all taps of one task together keep of its last records, in bytes of their bodies. */
export const RECENT_BYTES: number = 1024 * 1024;

/**
 * The last records of one log, for taps that keep up. A tap that falls behind finds its place gone
 * and reads the log itself: nobody waits for the slowest, and memory stays bounded (I8).
 */
export class RecentRecords {
  /** How many events the tap that wants most of them wants: no more are kept, but the last record. */
  maxEvents: number = Number.POSITIVE_INFINITY;
  readonly #steps = new Map<string, { readonly step: AppliedRecord; readonly bytes: number }>();
  #bytes = 0;
  #events = 0;

  add(step: AppliedRecord): void {
    // Tasks that it shows share everything with the fold, or with the records that replaced it.
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
