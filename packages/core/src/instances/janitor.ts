import type { Clock } from '../clock.ts';
import { sleep } from '../clock.ts';
import { BackendError, errorCode } from '../errors.ts';
import type { Fanout } from '../feed/fanout.ts';
import type { Feed } from '../feed/feed.ts';
import { proposeFence } from '../log/proposal.ts';
import type { Logger } from '../logger.ts';
import { LeaseObserver } from './lease-observer.ts';
import type { InstanceRegistry, Lease, RunRow } from './registry.ts';
import type { Runs } from './runs.ts';
import type { LeaseSettings } from './settings.ts';

export interface JanitorDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly fanout: Fanout;
  readonly feed: Feed;
  readonly runs: Runs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  readonly signal: AbortSignal;
}

/**
 * Finishes what dead instances left: their runs, watches, subscription, queue and rows.
 * What it deletes was proven dead by its lease. Any number of janitors may run at once.
 */
export class Janitor {
  readonly #deps: JanitorDeps;
  readonly #observer: LeaseObserver;
  readonly #cleaning = new Set<string>();
  #cleaned = 0;
  #failed = 0;

  constructor(deps: JanitorDeps) {
    this.#deps = deps;
    this.#observer = new LeaseObserver(deps.settings);
  }

  /** Instances that this one has cleaned up after, and attempts at it that failed. */
  get stats(): { readonly cleaned: number; readonly failed: number } {
    return { cleaned: this.#cleaned, failed: this.#failed };
  }

  /** Looks for the dead every beat until the instance stops. */
  async keep(): Promise<void> {
    const { registry, clock, logger, settings, signal } = this.#deps;
    while (!signal.aborted) {
      try {
        const asked = clock.now();
        const leases = await registry.leases();
        const dead = this.#observer.observe(leases, asked, clock.now());
        for (const lease of dead) void this.#clean(lease);
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('janitor.look-failed', { code: errorCode(error) });
      }
      await sleep(clock, settings.beatMs, signal);
    }
  }

  /**
   * Ends the writing and the runs of a dead instance and removes its watches, subscription and
   * queue; fails, once all else is done, with what could not be. Its index rows and its lease stay, so that a second pass finds what came late.
   */
  async finish(lease: Lease): Promise<void> {
    const { registry, logger } = this.#deps;
    let failure: unknown;
    for (const row of await registry.runs(lease.instance)) {
      try {
        await this.#finishRun(row);
      } catch (error) {
        // One log that cannot be read must not keep the others from their end.
        logger.error('janitor.run-left', { run: row.run, code: errorCode(error) });
        failure ??= error;
      }
    }
    await this.removeReach(lease);
    if (failure !== undefined) throw failure;
  }

  /** Removes what an instance is reached by: watches, subscription, queue. */
  async removeReach(lease: Lease): Promise<void> {
    const { registry, fanout } = this.#deps;
    for (const watch of await registry.watches(lease.instance)) await registry.removeWatch(watch);
    await fanout.teardown(lease.instance, lease.address);
  }

  async #clean(lease: Lease): Promise<void> {
    const { instance, registry, clock, logger, settings, signal } = this.#deps;
    if (lease.instance === instance || this.#cleaning.has(lease.instance)) return;
    this.#cleaning.add(lease.instance);
    try {
      if (!(await registry.markDead(lease.instance, lease.beat))) return;
      await this.finish(lease);
      logger.info('janitor.finished', { dead: lease.instance });
      // Longer than a request of the dead one can still be under way.
      await sleep(clock, settings.quarantineMs, signal);
      if (signal.aborted) return;
      await this.finish(lease);
      for (const watch of await registry.watches(lease.instance)) {
        await registry.removeWatchIndex(watch);
      }
      await registry.removeLease(lease.instance);
      this.#cleaned += 1;
      logger.info('janitor.removed', { dead: lease.instance });
    } catch (error) {
      if (signal.aborted) return;
      this.#failed += 1;
      logger.error('janitor.failed', { dead: lease.instance, code: errorCode(error) });
      await sleep(clock, settings.leaseMs, signal);
    } finally {
      // The lease row is there until all is done: the next look takes it up again.
      this.#cleaning.delete(lease.instance);
    }
  }

  async #finishRun(row: RunRow): Promise<void> {
    const { registry, feed, runs } = this.#deps;
    await runs.under(row.key, 'clean', async (open) => {
      const outcome = await open.log.append(proposeFence(runs.author(row.key), row.instance));
      if ('refused' in outcome && outcome.refused === 'fenced') {
        throw new BackendError('fenced', 'This instance was declared dead.');
      }
      await open.head.settle();
      const watchers = await registry.watchers(row.key);
      feed.ringEnd(open, [...new Set(watchers.map((watcher) => watcher.instance))]);
    });
    await registry.removeRun(row);
  }
}
