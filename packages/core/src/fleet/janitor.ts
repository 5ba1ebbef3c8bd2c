import { errorFields } from '../logging/error-fields.ts';
import { RetriedStep } from '../logging/retried-step.ts';
import { elapsed, sleep } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Lease } from '../ports/instance-registry.ts';
import { DeadInstanceCleanup } from './dead-instance-cleanup.ts';
import { DeadShare } from './dead-share.ts';
import { Leadership } from './leadership.ts';
import { LeaseObserver } from './lease-observer.ts';
import { OrphanedRuns, type OrphanedRunsDeps } from './orphaned-runs.ts';
import { waitQuarantine } from './quarantine.ts';
import { roleOf } from './role.ts';

export interface JanitorDeps extends Omit<OrphanedRunsDeps, 'othersServe'> {
  readonly fanout: Fanout;
  readonly entropy: Entropy;
  readonly signal: AbortSignal;
}

/** Counters of a janitor. */
export interface JanitorStats {
  /** Dead instances that it has cleaned up after. */
  readonly cleaned: number;
  /** Attempts to clean up that failed. */
  readonly failed: number;
  /** Dead instances whose last attempt has failed. */
  readonly failing: number;
  /** True while it inspects all leases. */
  readonly leads: boolean;
}

/**
 * Cleans up after dead instances: their runs, watches, subscription, queue and rows. It deletes
 * only rows and resources of an instance that its lease proves dead. Any number of janitors may run
 * concurrently.
 */
export class Janitor {
  /** Cleans up after one instance. */
  readonly cleanup: DeadInstanceCleanup;
  readonly #deps: JanitorDeps;
  readonly #leadership: Leadership;
  readonly #observer: LeaseObserver;
  readonly #share: DeadShare;
  readonly #orphanedRuns: OrphanedRuns;
  readonly #cleaning = new Set<string>();
  readonly #failing = new Set<string>();
  #othersServe = false;
  #cleaned = 0;
  #failed = 0;

  constructor(deps: JanitorDeps) {
    this.#deps = deps;
    this.#leadership = new Leadership(deps);
    this.#observer = new LeaseObserver(deps.settings);
    this.#share = new DeadShare(deps);
    this.#orphanedRuns = new OrphanedRuns({ ...deps, othersServe: () => this.#othersServe });
    this.cleanup = new DeadInstanceCleanup({ ...deps, orphanedRuns: this.#orphanedRuns });
  }

  get stats(): JanitorStats {
    return {
      cleaned: this.#cleaned,
      failed: this.#failed,
      failing: this.#leads ? this.#failing.size : 0,
      leads: this.#leads,
    };
  }

  /** How long the leases have been observed, in milliseconds. See {@link LeaseObserver.watchedMs}. */
  get watchedMs(): number {
    return this.#observer.watchedMs;
  }

  /** The number of dead instances that are being cleaned up after. */
  get busy(): number {
    return this.#cleaning.size;
  }

  /** Inspects the leases every beat until the instance stops. */
  async runRounds(): Promise<void> {
    const { clock, logger, settings, signal } = this.#deps;
    let readAtMs = clock.now();
    const retried = new RetriedStep('janitor.inspect-failed', { clock, logger });
    while (!signal.aborted) {
      let rest = settings.beatMs;
      try {
        rest = await this.#inspectLeases();
        readAtMs = clock.now();
        retried.succeeded();
      } catch (error) {
        if (signal.aborted) return;
        retried.failed(error);
        if (elapsed(readAtMs, clock.now()) >= settings.leaseMs) await this.#resignLeadership();
      }
      await sleep(clock, rest, signal);
    }
  }

  get #leads(): boolean {
    return this.#deps.role === 'janitor' || this.#leadership.isHeld;
  }

  /** Inspects the leases once. Returns the milliseconds until the next time. */
  async #inspectLeases(): Promise<number> {
    const { instance, registry, clock, isReady, settings, role } = this.#deps;
    // A stopping instance leaves the work to the others.
    if (!isReady()) {
      await this.#leadership.resign();
      return settings.beatMs;
    }
    if (!this.#leads && !(await this.#leadership.chooseLeader())) return this.#leadership.restMs;
    const asked = clock.now();
    const leases = await registry.leases();
    const dead = this.#observer.observe(leases, asked, clock.now());
    this.#othersServe = leases.some(
      (lease) => lease.instance !== instance && roleOf(lease) === 'server' && !dead.includes(lease),
    );
    const known = new Set(leases.map((lease) => lease.instance));
    for (const gone of this.#failing) if (!known.has(gone)) this.#failing.delete(gone);
    const others = dead.filter((lease) => lease.instance !== instance);
    // A janitor that is no server has time to clean up after all of them.
    const taken = role === 'janitor' ? others : this.#share.choose(others);
    for (const lease of taken) void this.#cleanUp(lease);
    return this.#observer.restMs;
  }

  /** Resigns, because another instance may be able to read the leases. */
  async #resignLeadership(): Promise<void> {
    try {
      await this.#leadership.resign();
    } catch (error) {
      this.#deps.logger.warn('janitor.resign-failed', errorFields(error));
    }
  }

  async #cleanUp(seen: Lease): Promise<void> {
    const { registry, clock, logger, settings, signal } = this.#deps;
    if (this.#cleaning.has(seen.instance)) return;
    this.#cleaning.add(seen.instance);
    let lease = seen;
    try {
      if (!(await registry.markDead(lease.instance, lease.beat))) return;
      // The instance may have replaced its queue after `seen` was read. It cannot do so any more.
      if (seen.state === 'alive') lease = (await registry.lease(seen.instance)) ?? seen;
      if (seen.state === 'alive') logger.warn('janitor.declared-dead', { dead: lease.instance });
      if (await this.#orphanedRuns.mustWait(lease.instance)) return;
      await this.cleanup.finish(lease);
      logger.info('janitor.finished', { dead: lease.instance });
      // The quarantine is longer than any request of the dead instance can be in flight.
      await waitQuarantine(lease, this.#deps);
      if (signal.aborted) return;
      await this.cleanup.finishLate(lease);
      await registry.removeLease(lease.instance);
      this.#cleaned += 1;
      this.#failing.delete(lease.instance);
      logger.info('janitor.removed', { dead: lease.instance });
    } catch (error) {
      if (signal.aborted) return;
      this.#failed += 1;
      this.#failing.add(lease.instance);
      logger.error('janitor.failed', { dead: lease.instance, ...errorFields(error) });
      await sleep(clock, settings.leaseMs, signal);
    } finally {
      // The lease row stays until the end, so the next round tries again.
      this.#cleaning.delete(lease.instance);
    }
  }
}
