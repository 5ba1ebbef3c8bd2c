import { Semaphore } from '../concurrency.ts';
import { BackendError, fencedError } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import { proposeFence } from '../model/proposal.ts';
import { type Clock, elapsed } from '../ports/clock.ts';
import type { InstanceRegistry, Intent } from '../ports/instance-registry.ts';
import type { LogStorage } from '../ports/log-storage.ts';
import type { Logger } from '../ports/logger.ts';
import type { PushDispatcher } from '../pushes/push-dispatcher.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import type { Intents } from '../runs/intents.ts';
import { type FindResumer, isResumed, resumeRun } from '../runs/resumption.ts';
import { taskKeyText } from '../task-key.ts';
import type { LeaseSettings } from './lease-settings.ts';
import { type RecoveryStep, recoveryOf, recoveryStep } from './recovery-step.ts';
import type { Role } from './role.ts';

export interface OrphanedRunsDeps {
  readonly instance: string;
  readonly role: Role;
  readonly registry: InstanceRegistry;
  readonly storage: LogStorage;
  /** The logs that are open for cleaning up. */
  readonly logs: OpenLogs;
  /** The intents of cleaning up, on `logs`. */
  readonly cleaningIntents: Intents;
  /** The intents of the runs that are resumed. */
  readonly intents: Intents;
  /**
   * The logs that are open here for clients. They catch up with records that were appended in
   * `logs`.
   */
  readonly clientLogs: OpenLogs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: LeaseSettings;
  /** False while this instance must not take up any work, because it has not started or drains. */
  readonly isReady: () => boolean;
  /** Returns the executor of resumed runs, if this instance has one. */
  readonly resumer: FindResumer;
  /** Delivers the push notifications that dead instances were responsible for. */
  readonly pushes: Pick<PushDispatcher, 'secure'> | undefined;
  /** Returns true if another live instance is a server. */
  readonly othersServe: () => boolean;
}

/** Logs that are finished concurrently. */
const LOGS_WIDTH = 16;

/** Ends or resumes the runs that dead instances left. */
export class OrphanedRuns {
  readonly #deps: OrphanedRunsDeps;
  readonly #perLog = new Semaphore(LOGS_WIDTH);
  #undecidedSince: number | undefined;

  constructor(deps: OrphanedRunsDeps) {
    this.#deps = deps;
  }

  /** Returns true if a dead instance has resumable runs that must wait for a server. */
  async mustWait(dead: string): Promise<boolean> {
    const { clock, registry, role, othersServe } = this.#deps;
    const pushWaits = role === 'janitor' && othersServe();
    if (this.#recoveryStep() !== 'wait' && !pushWaits) return false;
    // Unreadable intents do not matter here.
    const rows = await registry.intents(dead, () => {});
    if (!rows.some((row) => isResumed(row) || (pushWaits && row.purpose === 'push'))) return false;
    this.#undecidedSince ??= clock.now();
    return true;
  }

  /** Finishes all runs of a dead instance. Rejects with the first failure once all were tried. */
  async finishAll(dead: string): Promise<void> {
    const { registry } = this.#deps;
    const unreadable: unknown[] = [];
    const logs = new Map<string, Intent[]>();
    for (const row of await registry.intents(dead, (error) => unreadable.push(error))) {
      const log = taskKeyText(row.key);
      logs.set(log, [...(logs.get(log) ?? []), row]);
    }
    const failures = await Promise.all(
      // An unreadable log must not keep the others from being finished.
      [...logs.values()].map((rows) => this.#perLog.run(() => this.#finishLog(rows))),
    );
    for (const { failure } of failures) if (failure !== undefined) throw failure;
    if (unreadable.length > 0) throw unreadable[0];
  }

  /** Returns the next step for the resumable runs of dead instances. */
  #recoveryStep(): RecoveryStep {
    const { role, resumer, isReady, othersServe, clock, settings } = this.#deps;
    const since = this.#undecidedSince;
    return recoveryStep({
      role,
      recovery: recoveryOf(resumer()),
      isReady: isReady(),
      othersServe: othersServe(),
      hasWaited: since !== undefined && elapsed(since, clock.now()) >= settings.leaseMs,
    });
  }

  /** Finishes the runs of one log. Resumable runs come first, because a fence ends all the others. */
  async #finishLog(rows: readonly Intent[]): Promise<{ readonly failure?: unknown }> {
    const inOrder = rows.toSorted((a, b) => Number(isResumed(b)) - Number(isResumed(a)));
    for (const row of inOrder) {
      try {
        await this.#finishRun(row);
      } catch (failure) {
        this.#deps.logger.error('janitor.run-left', {
          dead: row.instance,
          ...taskFields(row.key),
          run: row.run,
          ...errorFields(failure),
        });
        return { failure };
      }
    }
    return {};
  }

  async #finishRun(row: Intent): Promise<void> {
    const { registry, logs, clientLogs, cleaningIntents: intents } = this.#deps;
    if (row.purpose === 'push') return this.#takeOverPushes(row);
    await intents.withIntent(row.key, 'clean', async (open) => {
      if (!(await this.#resume(row, open))) {
        const outcome = await open.log.append(proposeFence(intents.author(row.key), row.instance));
        if ('refused' in outcome && outcome.refused === 'fenced') throw fencedError();
      }
      await open.head.flush();
      const watchers = await registry.watchers(row.key);
      logs.notifyEnd(open, [...new Set(watchers.map((watcher) => watcher.instance))]);
    });
    clientLogs.catchUp(row.key);
    await registry.removeIntent(row);
  }

  /** Becomes responsible for the push notifications of a task. */
  async #takeOverPushes(row: Intent): Promise<void> {
    const { registry, pushes } = this.#deps;
    if (!pushes) throw new BackendError('configuration', 'This process has no push ledger.');
    await pushes.secure(row.key, true);
    await registry.removeIntent(row);
  }

  /** Returns true if the run was resumed here. */
  async #resume(row: Intent, open: OpenLog): Promise<boolean> {
    const resumer = this.#deps.resumer();
    const step = isResumed(row) ? this.#recoveryStep() : 'end';
    if (step === 'refuse') throw new BackendError('draining', 'This instance is stopping.');
    if (step !== 'resume' || typeof resumer !== 'function') return false;
    const resumed = await resumeRun(row, open, { ...this.#deps, resumer });
    if (resumed) {
      const { instance: dead, run } = row;
      this.#deps.logger.info('janitor.resumed', { dead, ...taskFields(row.key), run });
    }
    return resumed;
  }
}
