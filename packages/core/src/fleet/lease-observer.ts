import type { Lease } from '../ports/instance-registry.ts';
import type { LeaseSettings } from './lease-settings.ts';

interface Seen {
  readonly beat: number;
  /** For how long it was watched, unchanged. */
  readonly silent: number;
  readonly leaseMs: number;
}

/**
 * Decides which instances are alive, by this instance's clock only. Counts only observed silence: the
 * time between successful reads. Periods in which reads failed count little, because the table may
 * have been unavailable to the other instances, too. All times in milliseconds.
 */
export class LeaseObserver {
  readonly #settings: Pick<LeaseSettings, 'beatMs' | 'leaseMs'>;
  readonly #seen = new Map<string, Seen>();
  #answered: number | undefined;
  #watchedMs = 0;

  constructor(settings: Pick<LeaseSettings, 'beatMs' | 'leaseMs'>) {
    this.#settings = settings;
  }

  /** For how long this observer has watched, in milliseconds: no silence can be longer. */
  get watchedMs(): number {
    return this.#watchedMs;
  }

  /**
   * Milliseconds until the next observation: one beat, or less if the silence of an instance may
   * reach the lease time earlier.
   */
  get restMs(): number {
    const left = [...this.#seen.values()].map(({ silent, leaseMs }) => leaseMs - silent);
    return Math.min(this.#settings.beatMs, ...left.filter((ms) => ms > 0));
  }

  /**
   * The leases that are dead, or whose beat this observer watched unchanged for the whole lease
   * time. `asked` is when the read of `leases` began, `answered` when it was done.
   */
  observe(leases: readonly Lease[], asked: number, answered: number): Lease[] {
    const { beatMs } = this.#settings;
    const watched = Math.max(0, Math.min(asked - (this.#answered ?? asked), 2 * beatMs));
    this.#answered = answered;
    this.#watchedMs += watched;
    const known = new Set(leases.map((lease) => lease.instance));
    for (const instance of this.#seen.keys()) {
      if (!known.has(instance)) this.#seen.delete(instance);
    }
    return leases.filter((lease) => {
      const seen = this.#seen.get(lease.instance);
      const silent = seen?.beat === lease.beat ? seen.silent + watched : 0;
      // Its own, whatever the observer's is: a fleet may mix settings while they change.
      const { leaseMs = this.#settings.leaseMs } = lease;
      this.#seen.set(lease.instance, { beat: lease.beat, silent, leaseMs });
      return lease.state === 'dead' || silent >= leaseMs;
    });
  }
}
