import type { Message } from '@a2a-js/sdk';
import { errorCode } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { StartEntry } from '../model/entry.ts';
import {
  type Author,
  type Proposal,
  proposeResume,
  proposeStart,
  type StartTerms,
} from '../model/proposal.ts';
import { encode } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { InstanceRegistry, Intent } from '../ports/instance-registry.ts';
import { type LogFields, type Logger, withFields } from '../ports/logger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import { retryUntilDone } from '../retry.ts';
import type { TaskKey } from '../task-key.ts';
import { Run } from './run.ts';
import { DEFAULT_CANCEL_DEADLINE_MS, RunnerCancelDeadline } from './runner-cancel-deadline.ts';

/** Stores the intents of an instance, which appends to no log without one. */
export interface IntentRecorder {
  /** Stores an intent through `registry`. Rejects with `fenced` if the instance has died. */
  recordIntent(row: Intent, registry: InstanceRegistry): Promise<void>;
}

export interface IntentsDeps {
  readonly instance: string;
  readonly logs: OpenLogs;
  readonly heartbeat: IntentRecorder;
  readonly registry: InstanceRegistry;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /**
   * Resolves when another intent, or another instance, is responsible for the push notifications of
   * the task.
   * @default the task has none
   */
  readonly pushesSecured?: ((open: OpenLog) => Promise<void>) | undefined;
  /** See {@link RunnerCancelDeadline}. @default 10,000 */
  readonly cancelDeadlineMs?: number | undefined;
}

/** The request that a run is started for. */
export interface RunRequest extends StartTerms {
  readonly contextId: string;
  /** Undefined if the SDK's server is not used. */
  readonly message?: Message | undefined;
  readonly digest?: string | undefined;
  /** See {@link Intent.resume}. */
  readonly resume?: string | undefined;
}

export type Begun = { readonly run: Run } | { readonly refused: Refusal };

/** How a run must be started. */
interface Starting {
  readonly resume: string | undefined;
  readonly attempt: number;
  /** The bytes of the entries that count against the backlog. */
  readonly bytes: number;
  readonly propose: (run: string) => Proposal;
}

/** The intents of this instance: runs, and the short appends of cancels and cleaners. */
export class Intents {
  readonly #deps: IntentsDeps;
  readonly #rows = new Map<string, Intent>();
  /** The runs whose rows stay for other instances to clean up. */
  readonly #abandoned = new Set<string>();
  readonly #running = new Map<Run, RunnerCancelDeadline>();
  readonly #idleWaiters: (() => void)[] = [];
  #refusedEvents = 0;
  #lastIntentAtMs: number | undefined;

  constructor(deps: IntentsDeps) {
    this.#deps = deps;
  }

  /** Runs that execute here now. */
  get running(): number {
    return this.#running.size;
  }

  /** When the last intent was recorded; milliseconds of this instance's clock. */
  get lastIntentAt(): number | undefined {
    return this.#lastIntentAtMs;
  }

  /** Events that did not enter a log. */
  get refusedEvents(): number {
    return this.#refusedEvents;
  }

  /** Returns true if this run still needs its row. All other rows of this instance are stale. */
  hasIntent(run: string): boolean {
    return this.#rows.has(run);
  }

  /** Resolves when no run is active or starting here, and every remaining intent is left to others. */
  async idle(): Promise<void> {
    while (this.#rows.size > this.#abandoned.size) {
      await new Promise<void>((resolve) => {
        this.#idleWaiters.push(resolve);
      });
    }
  }

  /**
   * Starts a run: intent, lease check, `start`, watches, in this order. Refused with `duplicate`
   * if the message has started a run before, which the log's state names. Fails with a coded error if
   * the intent cannot be declared or the log cannot be read: nothing was started then, or it failed.
   */
  async begin(
    key: TaskKey,
    { resume, retry, isNewTask, ifGeneration, push, ...request }: RunRequest,
  ): Promise<Begun> {
    const { instance } = this.#deps;
    const start = { kind: 'start', attempt: 1, instance, ...request } as const;
    const terms = { retry, isNewTask, ifGeneration, push };
    // Its message waits like an event: too much of it is refused here, and may go elsewhere.
    const { bytes } = encode({ ...start, run: '' });
    const propose = (run: string): Proposal =>
      proposeStart(this.author(key), { ...start, run }, terms);
    return this.#startRun(key, { resume, attempt: 1, bytes, propose });
  }

  /**
   * Continues the run of a dead instance, as {@link begin} starts one: `lost` is its row, `start` how
   * it was started.
   */
  resume(lost: Intent, start: StartEntry): Promise<Begun> {
    const { instance } = this.#deps;
    const attempt = start.attempt + 1;
    const propose = (run: string): Proposal =>
      proposeResume(
        this.author(lost.key),
        { ...start, run, attempt, instance, resumes: start.run },
        lost.instance,
      );
    return this.#startRun(lost.key, { resume: lost.resume, attempt, bytes: 0, propose });
  }

  async #startRun(key: TaskKey, { resume, attempt, bytes, propose }: Starting): Promise<Begun> {
    const { logs, clock, logger, signal, cancelDeadlineMs } = this.#deps;
    const row = await this.#recordIntent(key, 'execute', resume);
    const open = logs.acquire(key);
    const author = this.author(key);
    const named = withFields(logger, () => ({ ...taskFields(key), run: row.run }));
    const deadlineMs = cancelDeadlineMs ?? DEFAULT_CANCEL_DEADLINE_MS;
    const run = new Run(row.run, {
      attempt,
      open,
      author,
      clock,
      logger: named,
      signal,
      refused: () => {
        this.#refusedEvents += 1;
      },
    });
    this.#running.set(
      run,
      new RunnerCancelDeadline(run, { author, clock, logger: named, deadlineMs }),
    );
    open.addRun();
    try {
      // The last read may be old: the conditional put proves or corrects it.
      if (!open.log.isRead) await open.log.refresh();
      const outcome = await open.log.append(propose(row.run), bytes);
      if ('refused' in outcome) {
        this.#release(open, run, row);
        return { refused: outcome.refused };
      }
      run.report('run.started');
      await retryUntilDone('watch.read', this.#deps, () => open.readWatchers());
      return { run };
    } catch (error) {
      // The run may have started, but no executor will run it, so it has failed.
      this.finish(run).catch(() => {});
      throw error;
    }
  }

  /** After the executor: ends the run (see {@link Run.end}), repairs the head, removes the intent. */
  async finish(run: Run, leavesOpen = false): Promise<void> {
    const row = this.#rows.get(run.id);
    try {
      await run.end(leavesOpen);
      run.report('run.ended');
    } finally {
      if (row) this.#release(run.open, run, row);
    }
  }

  /** Calls `work` under an intent of its own, as cancels and janitors do. */
  async withIntent<T>(
    key: TaskKey,
    purpose: 'cancel' | 'clean',
    work: (open: OpenLog, run: string) => Promise<T>,
  ): Promise<T> {
    const row = await this.#recordIntent(key, purpose);
    const open = this.#deps.logs.acquire(key);
    let unfollow: (() => void) | undefined;
    try {
      // A cancel waits for the run to end.
      if (purpose === 'cancel') unfollow = await open.follow();
      else await open.log.refresh();
      await open.readWatchers();
      return await work(open, row.run);
    } finally {
      unfollow?.();
      this.#release(open, undefined, row);
    }
  }

  /** Records that this instance delivers the push notifications of a task. Rejects like {@link begin}. */
  recordPush(key: TaskKey): Promise<Intent> {
    return this.#recordIntent(key, 'push');
  }

  /** Removes such an intent. Rejects with `draining` if the instance stops before. */
  async removePush(row: Intent): Promise<void> {
    const { registry } = this.#deps;
    await retryUntilDone('push.table', this.#deps, () => registry.removeIntent(row));
    this.#abandoned.delete(row.run);
    this.#forgetIntent(row);
  }

  /** Leaves such an intent to the instance that cleans up after this one. */
  leave(row: Intent): void {
    this.#abandoned.add(row.run);
    this.#wakeWaiters();
  }

  /** Returns the author of this instance's entries in the task's log. */
  author(key: TaskKey): Author {
    const { instance, entropy, clock } = this.#deps;
    return {
      instance,
      taskId: key.taskId,
      stamp: {
        id: () => entropy.id(),
        timestamp: () => new Date(clock.now()).toISOString(),
      },
    };
  }

  async #recordIntent(
    key: TaskKey,
    purpose: Intent['purpose'],
    resume?: string | undefined,
  ): Promise<Intent> {
    const { instance, entropy, heartbeat, registry, clock } = this.#deps;
    this.#lastIntentAtMs = clock.now();
    const row: Intent = { instance, run: entropy.id(), key, purpose, resume };
    this.#rows.set(row.run, row);
    try {
      await heartbeat.recordIntent(row, registry);
    } catch (error) {
      // The row may have been written: a sweep finds it, because no run needs it now.
      this.#forgetIntent(row);
      throw error;
    }
    return row;
  }

  /**
   * Removes the intent in the background, once the head holds the run's last status. If the instance
   * crashes before, the janitor that finds the intent repairs the head, too.
   */
  #release(open: OpenLog, run: Run | undefined, row: Intent): void {
    if (run) {
      run.dispose();
      this.#running.get(run)?.cancelTimer();
      this.#running.delete(run);
      open.removeRun();
    }
    void this.#removeIntent(open, row).finally(() => this.#deps.logs.release(open));
  }

  #forgetIntent(row: Intent): void {
    this.#rows.delete(row.run);
    this.#wakeWaiters();
  }

  /** Leaves the row to the janitor that cleans up after this instance. */
  #abandonIntent(row: Intent, about: LogFields): void {
    const { logger, signal } = this.#deps;
    this.#abandoned.add(row.run);
    const fields = { ...taskFields(row.key), run: row.run, ...about };
    // Expected while the instance stops.
    if (signal.aborted) logger.debug('run.row-left', fields);
    else logger.error('run.row-left', fields);
    this.#wakeWaiters();
  }

  #wakeWaiters(): void {
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  async #removeIntent(open: OpenLog, row: Intent): Promise<void> {
    const { registry, logger } = this.#deps;
    // The run was started and could not be ended.
    if (open.log.state.runs.get(row.run)?.phase === 'open') {
      return this.#abandonIntent(row, { code: 'run-open' });
    }
    try {
      await open.head.flush().catch((error: unknown) => {
        const code = errorCode(error);
        // An instance that can read the log writes the head.
        if (code === 'draining' || code === 'corrupt-log') throw error;
        // A head that the table never accepts must not keep the row forever.
        logger.error('head.refused', {
          ...taskFields(row.key),
          run: row.run,
          ...errorFields(error),
        });
      });
      await this.#deps.pushesSecured?.(open);
      await retryUntilDone('run.remove', this.#deps, () => registry.removeIntent(row));
      this.#forgetIntent(row);
    } catch (error) {
      this.#abandonIntent(row, errorFields(error));
    }
  }
}
