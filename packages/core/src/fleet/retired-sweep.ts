import { Semaphore } from '../concurrency.ts';
import { errorFields } from '../logging/error-fields.ts';
import { type Clock, elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, Lease, RetiredLease } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { LeaseSettings } from './lease-settings.ts';

export interface RetiredSweepDeps {
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  readonly signal: AbortSignal;
  /** True while this instance looks after all leases. */
  readonly leads: () => boolean;
  /** Ends the runs and removes the rows that the instance wrote after its stop. Safe to repeat. */
  readonly finish: (lease: Lease) => Promise<void>;
}

/** Retired instances that are read at once, the first that retired: one page. */
const PAGE = 100;
/** How many of them one life looks after, unless it leads: more than it leaves itself. */
const SHARE = 3;
/** How many at once. */
const WIDTH = 4;
/**
 * If an instance has been retired for this long by two wall clocks, no request of it can still
 * arrive; milliseconds. Clocks of machines may differ by less than that.
 */
const OLD_MS = 10 * 60_000;

/**
 * The second pass over instances that stopped cleanly: it removes the late writes of their
 * requests. The leader does this for all instances that it has seen retired for the quarantine. On
 * hosts that freeze, no instance may live for so long. There each life does it for a few instances
 * that retired long ago, so that its number of calls does not depend on the number of lives.
 */
export class RetiredSweep {
  readonly #deps: RetiredSweepDeps;
  /** When each was first seen; milliseconds of this instance's clock. */
  #seenAtMs = new Map<string, number>();
  #busy = false;

  constructor(deps: RetiredSweepDeps) {
    this.#deps = deps;
  }

  /** True while a round is running. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Does its share at once, and all of it now and then while this instance leads. */
  async runRounds(): Promise<void> {
    const { clock, settings, signal, leads } = this.#deps;
    await this.#round();
    while (!signal.aborted) {
      // A beat longer, so that the next round has watched for the whole quarantine.
      await sleep(clock, settings.quarantineMs + settings.beatMs, signal);
      if (!signal.aborted && leads()) await this.#round();
    }
  }

  async #round(): Promise<void> {
    const { registry, clock, logger, signal } = this.#deps;
    this.#busy = true;
    try {
      const rows = await registry.retired(PAGE);
      const chosen = this.#choose(rows, clock.now());
      const perRow = new Semaphore(WIDTH);
      await Promise.all(chosen.map((row) => perRow.run(() => this.#finish(row))));
    } catch (error) {
      if (!signal.aborted) logger.warn('sweep.failed', errorFields(error));
    } finally {
      this.#busy = false;
    }
  }

  /** Returns the instances that can write nothing any more, at most this instance's share. */
  #choose(rows: readonly RetiredLease[], now: number): RetiredLease[] {
    const { settings, entropy, leads } = this.#deps;
    const before = this.#seenAtMs;
    this.#seenAtMs = new Map(
      rows.map(({ lease: { instance } }) => [instance, before.get(instance) ?? now]),
    );
    const ready = rows.filter(
      ({ lease, retiredAt }) =>
        now - retiredAt >= OLD_MS ||
        elapsed(this.#seenAtMs.get(lease.instance) ?? now, now) >= settings.quarantineMs,
    );
    if (leads() || ready.length <= SHARE) return ready;
    // Many lives that begin at once do not all take the same.
    const first = Math.floor(entropy.random() * ready.length);
    return [...ready.slice(first), ...ready.slice(0, first)].slice(0, SHARE);
  }

  async #finish(row: RetiredLease): Promise<void> {
    const { registry, finish, logger, signal } = this.#deps;
    if (signal.aborted) return;
    try {
      await finish(row.lease);
      await registry.removeRetired(row);
    } catch (error) {
      // An instance that cannot be finished must not block the others.
      if (!signal.aborted)
        logger.warn('sweep.failed', { dead: row.lease.instance, ...errorFields(error) });
    }
  }
}
