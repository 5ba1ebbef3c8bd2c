import type { Lease } from './registry.ts';

/** Who was seen to live or die, judged by one's own clock alone. */
export class LeaseObserver {
  readonly #leaseMs: number;
  readonly #seen = new Map<string, { readonly beat: number; readonly since: number }>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /**
   * The leases that are dead, or whose beat this observer saw unchanged for the whole lease time;
   * `now` is a time of the own clock in milliseconds, taken before the leases were read.
   */
  observe(leases: readonly Lease[], now: number): Lease[] {
    const known = new Set(leases.map((lease) => lease.instance));
    for (const instance of this.#seen.keys()) {
      if (!known.has(instance)) this.#seen.delete(instance);
    }
    return leases.filter((lease) => lease.state === 'dead' || this.#isSilent(lease, now));
  }

  #isSilent(lease: Lease, now: number): boolean {
    const seen = this.#seen.get(lease.instance);
    if (seen?.beat !== lease.beat) {
      this.#seen.set(lease.instance, { beat: lease.beat, since: now });
      return false;
    }
    return now - seen.since >= this.#leaseMs;
  }
}
