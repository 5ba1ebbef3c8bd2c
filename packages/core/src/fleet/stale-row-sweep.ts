import { RetriedStep } from '../logging/retried-step.ts';
import { type Clock, sleep } from '../ports/clock.ts';
import type { InstanceRegistry } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { InstanceRows } from './instance-rows.ts';
import type { LeaseSettings } from './lease-settings.ts';

export interface StaleRowSweepDeps {
  readonly instance: string;
  readonly registry: InstanceRegistry;
  readonly rows: InstanceRows;
  readonly logs: OpenLogs;
  /** Returns true if this instance still uses the intent. */
  readonly hasIntent: (run: string) => boolean;
  /** Removes the endpoint of this instance. Safe to repeat. */
  readonly removeEndpoint: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  readonly signal: AbortSignal;
}

/** How often an instance sweeps its own rows, in milliseconds. */
const SWEEP_MS = 60_000;

/**
 * Removes this instance's stale rows: those of removed watches, and those that a request wrote late. A
 * row is removed when two consecutive sweeps find it idle.
 */
export class StaleRowSweep {
  readonly #deps: StaleRowSweepDeps;
  #idle = new Set<string>();

  constructor(deps: StaleRowSweepDeps) {
    this.#deps = deps;
  }

  async runRounds(): Promise<void> {
    const { clock, signal } = this.#deps;
    const retried = new RetriedStep('sweep.failed', this.#deps);
    for (;;) {
      await sleep(clock, SWEEP_MS, signal);
      if (signal.aborted) return;
      try {
        await this.sweepRows();
        retried.succeeded();
      } catch (error) {
        retried.failed(error);
      }
    }
  }

  /**
   * Removes all rows, the queue and the subscription of this instance once its lease is gone, twice, a
   * quarantine apart, or until `signal` aborts. A process that resumes after a long pause may have
   * written a row after the janitor's last pass. If the table was restored to a time before the start of
   * this instance, no lease has ever named its queue.
   */
  async removeLateRows(signal: AbortSignal): Promise<void> {
    const { instance, registry, rows, clock, settings } = this.#deps;
    const retried = new RetriedStep('sweep.failed', this.#deps);
    let passes = 0;
    while (!signal.aborted && passes < 2) {
      await sleep(clock, settings.quarantineMs, signal);
      try {
        // While the lease exists, its janitor needs the rows.
        if (signal.aborted || (await registry.lease(instance))) continue;
        for (const row of await rows.intents()) await registry.removeIntent(row);
        for (const row of await rows.watches()) {
          await registry.removeWatch(row);
          await registry.removeWatchIndex(row);
        }
        await this.#deps.removeEndpoint();
        retried.succeeded();
        passes += 1;
      } catch (error) {
        retried.failed(error);
      }
    }
  }

  async sweepRows(): Promise<void> {
    const { registry, rows, logs, hasIntent } = this.#deps;
    const idle = new Set<string>();
    const isIdle = (id: string): boolean => {
      idle.add(id);
      return this.#idle.has(id);
    };
    for (const row of await rows.intents()) {
      if (!hasIntent(row.run) && isIdle(row.run)) await registry.removeIntent(row);
    }
    const held = logs.heldWatches();
    for (const row of await rows.watches()) {
      if (held.has(row.watch) || !isIdle(row.watch)) continue;
      await registry.removeWatch(row);
      await registry.removeWatchIndex(row);
    }
    this.#idle = idle;
  }
}
