import { Semaphore } from '../concurrency.ts';
import { leaseOrigin } from '../doorbells/lease-origin.ts';
import type { Fanout } from '../ports/fanout.ts';
import type { Lease } from '../ports/instance-registry.ts';
import type { OrphanedRuns, OrphanedRunsDeps } from './orphaned-runs.ts';

export interface DeadInstanceCleanupDeps
  extends Pick<OrphanedRunsDeps, 'instance' | 'registry' | 'clientLogs' | 'logger'> {
  readonly fanout: Fanout;
  readonly orphanedRuns: OrphanedRuns;
}

/** Watches that are removed concurrently. */
const WATCHES_WIDTH = 16;
/** Dead instances whose endpoint is removed concurrently: SNS allows 100 such calls a second. */
const ENDPOINTS_WIDTH = 4;

/** Removes what a dead instance leaves behind: its runs, watches, subscription and queue. */
export class DeadInstanceCleanup {
  readonly #deps: DeadInstanceCleanupDeps;
  readonly #perWatch = new Semaphore(WATCHES_WIDTH);
  readonly #perEndpoint = new Semaphore(ENDPOINTS_WIDTH);

  constructor(deps: DeadInstanceCleanupDeps) {
    this.#deps = deps;
  }

  /**
   * Fences a dead instance, ends its runs, and removes its watches, subscription and queue. Tries
   * every step, then rejects with the first failure. The index rows and the lease stay, so that a
   * second pass finds late writes.
   */
  async finish(lease: Lease): Promise<void> {
    await runAll([
      () => this.#deps.orphanedRuns.finishAll(lease.instance),
      () => this.removeEndpoint(lease),
    ]);
  }

  /** Does the second pass: {@link finish} for late writes, then removes the index rows of the watches. */
  async finishLate(lease: Lease): Promise<void> {
    await this.finish(lease);
    const { registry } = this.#deps;
    for (const watch of await registry.watches(lease.instance)) {
      await registry.removeWatchIndex(watch);
    }
  }

  /** Removes the watches, subscription and queue of an instance. Rejects like {@link finish}. */
  async removeEndpoint(lease: Lease): Promise<void> {
    await runAll([
      () => this.#removeWatches(lease.instance),
      () => this.#perEndpoint.run(() => this.#teardown(lease)),
    ]);
  }

  /** Removes the subscription and queue. A lease copied from another table names those of a live fleet. */
  async #teardown(lease: Lease): Promise<void> {
    const { fanout, registry, logger } = this.#deps;
    const origin = leaseOrigin(lease, await registry.identity());
    if (origin === 'foreign') {
      logger.warn('janitor.foreign-lease', { dead: lease.instance });
      return;
    }
    await fanout.teardown(lease.instance, lease.address, origin === 'own' ? 'lease' : 'mark');
  }

  async #removeWatches(gone: string): Promise<void> {
    const { registry, clientLogs, instance } = this.#deps;
    const unreadable: unknown[] = [];
    const watches = await registry.watches(gone, (error) => unreadable.push(error));
    await Promise.all(watches.map((row) => this.#perWatch.run(() => registry.removeWatch(row))));
    if (watches.length > 0) {
      // The instances that run the watched tasks have read these rows already.
      const living = (await registry.leases()).filter(({ state }) => state === 'alive');
      const others = living.map((one) => one.instance).filter((id) => id !== instance);
      clientLogs.notifyGone(gone, others);
    }
    if (unreadable.length > 0) throw unreadable[0];
  }
}

/** Runs all steps in order, also after a failure. Then rejects with the first failure. */
async function runAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
