import { Semaphore } from '../concurrency.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import { proposeFence } from '../model/proposal.ts';
import { type Clock, withTimeout } from '../ports/clock.ts';
import type { InstanceRegistry, Intent, Lease } from '../ports/instance-registry.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { Intents } from '../runs/intents.ts';
import { isResumed } from '../runs/resumption.ts';
import { taskKeyText } from '../task-key.ts';
import type { DeadInstanceCleanup } from './dead-instance-cleanup.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { InstanceEndpoint } from './instance-endpoint.ts';
import type { InstanceRows } from './instance-rows.ts';
import type { Role } from './role.ts';

export interface RetirementDeps {
  readonly instance: string;
  readonly role: Role;
  /** Over the client that serves the work of clients: it removes intents. */
  readonly registry: InstanceRegistry;
  /** See {@link InstanceDeps.control}. */
  readonly control: InstanceRegistry;
  readonly logs: OpenLogs;
  readonly intents: Intents;
  readonly rows: InstanceRows;
  readonly heartbeat: Heartbeat;
  readonly endpoint: InstanceEndpoint;
  readonly cleanup: DeadInstanceCleanup;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a retirement waits for AWS, in milliseconds: to end the remaining runs, and in all. */
const FENCE_MS = 4_000;
const RETIRE_MS = 6_000;
/** How long a teardown waits for AWS, in milliseconds. */
const TEARDOWN_MS = 4_000;
/** Runs that are ended concurrently. */
const FENCE_WIDTH = 16;

/**
 * The orderly end of an instance, in this order: {@link retire} ends its runs and its lease, then
 * {@link teardown} removes its endpoint and its rows. Neither rejects, and both are bounded in time:
 * the next janitor finds the rest by the lease row.
 */
export class Retirement {
  readonly #deps: RetirementDeps;
  #isRetired = false;

  constructor(deps: RetirementDeps) {
    this.#deps = deps;
  }

  /** True once the instance has begun to give up its lease itself. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /**
   * Ends the remaining runs, then the lease. Returns the dead lease; `undefined` if another instance
   * was faster, or AWS did not answer in time.
   */
  retire(): Promise<Lease | undefined> {
    return withTimeout(this.#deps.clock, RETIRE_MS, this.#retire());
  }

  async #retire(): Promise<Lease | undefined> {
    const { clock, endpoint, heartbeat, logger } = this.#deps;
    try {
      // A log that accepts no records must not hide from others that this instance is gone.
      await withTimeout(clock, FENCE_MS, this.#fenceRuns());
      this.#isRetired = true;
      endpoint.stop();
      const lease = await heartbeat.retire();
      // Intents that were recorded while the lease was alive.
      await this.#fenceRuns();
      return lease;
    } catch (error) {
      logger.warn('instance.teardown-failed', errorFields(error));
      return undefined;
    }
  }

  /** Removes the endpoint of the instance. `lease`: the result of {@link retire}. */
  async teardown(lease: Lease | undefined): Promise<void> {
    await withTimeout(this.#deps.clock, TEARDOWN_MS, this.#teardown(lease));
  }

  async #teardown(lease: Lease | undefined): Promise<void> {
    const { instance, control, logs, cleanup, endpoint, logger } = this.#deps;
    try {
      await logs.stop();
      if (lease) await cleanup.removeEndpoint(lease);
      if (lease) await this.#retireLease(lease);
      else if (!(await control.lease(instance))) await endpoint.remove();
    } catch (error) {
      logger.warn('instance.teardown-failed', errorFields(error));
    }
  }

  /**
   * Replaces the lease by a retired one if no intent is left, so that the leases of short lives do
   * not pile up. A later sweep of retired leases finds the late writes of this life.
   */
  async #retireLease(lease: Lease): Promise<void> {
    const { instance, role, control, clock } = this.#deps;
    if (role === 'janitor') return;
    let unreadable = 0;
    const readable = await control.intents(instance, () => {
      unreadable += 1;
    });
    if (readable.length + unreadable > 0) return;
    await control.retire({ lease: { ...lease, state: 'dead' }, retiredAt: clock.now() });
  }

  /** Ends the runs that did not finish in time, so that no reader waits for the lease to expire. */
  async #fenceRuns(): Promise<void> {
    const rows = await this.#deps.rows.intents();
    // A live instance resumes these as soon as this one is marked dead, unless their log is fenced.
    const left = new Set(rows.filter(isResumed).map(({ key }) => taskKeyText(key)));
    const ended = rows.filter(
      ({ key, purpose }) => purpose !== 'push' && !left.has(taskKeyText(key)),
    );
    const perRun = new Semaphore(FENCE_WIDTH);
    await Promise.all(ended.map((row) => perRun.run(() => this.#fenceRun(row))));
  }

  async #fenceRun(row: Intent): Promise<void> {
    const { instance, registry, logs, intents, logger } = this.#deps;
    const open = logs.acquire(row.key);
    try {
      await open.log.refresh();
      await open.log.append(proposeFence(intents.author(row.key), instance));
      await open.head.flush();
      await registry.removeIntent(row);
    } catch (error) {
      // The next janitor finds the row.
      logger.warn('instance.run-left', {
        ...taskFields(row.key),
        run: row.run,
        ...errorFields(error),
      });
    } finally {
      logs.release(open);
    }
  }
}
