import { BackendError, errorCode, fencedError } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { PushTerms } from '../model/entry.ts';
import { type Author, proposePush } from '../model/proposal.ts';
import type { Intent } from '../ports/instance-registry.ts';
import type { PushProgress } from '../ports/push-ledger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import { retryUntilDone } from '../retry.ts';
import type { Intents } from '../runs/intents.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { PushSession, type PushSessionDeps } from './push-session.ts';
import type { PushTransport } from './push-transport.ts';

export interface PushDispatcherDeps extends Omit<PushSessionDeps, 'transport' | 'isDraining'> {
  readonly logs: OpenLogs;
  readonly intents: Pick<Intents, 'author' | 'recordPush' | 'removePush' | 'leave'>;
  /** Returns the transport of this process, if it delivers push notifications. */
  readonly transport: () => PushTransport | undefined;
}

/** The work on one task: it may consist of several sessions, one after another. */
interface Duty {
  session: PushSession | undefined;
  /** Resolves when an intent of this instance names the task, or no event waits. */
  readonly secured: Promise<void>;
  restarts: boolean;
}

/**
 * Delivers the events of tasks to their push configurations. The log drives it: each record that this
 * instance appends to a task with configurations makes it responsible for the delivery, unless
 * another live instance is. It is responsible under an intent, so another instance continues after a
 * crash.
 */
export class PushDispatcher {
  readonly #deps: PushDispatcherDeps;
  readonly #duties = new Map<string, Duty>();
  #isDraining = false;

  constructor(deps: PushDispatcherDeps) {
    this.#deps = deps;
  }

  /** The number of tasks that this instance delivers. */
  get active(): number {
    return this.#duties.size;
  }

  /** True if this process delivers push notifications. */
  get isAble(): boolean {
    return this.#deps.transport() !== undefined;
  }

  /**
   * Notes that a task with push configurations has another record, or that a run of it has ended.
   * `reads`: the open log of the task may lack the record.
   */
  wake(key: TaskKey, reads = false): void {
    if (!this.isAble) return;
    const duty = this.#duties.get(taskKeyText(key));
    if (duty) duty.session?.wake(reads);
    else this.#begin(key, false);
  }

  /**
   * Resolves when an intent of this instance, or the claim of another live one, covers the delivery
   * of all events of the task so far. Rejects if the instance stops before.
   */
  async secure(key: TaskKey, reads = false): Promise<void> {
    if (!this.isAble) return;
    this.wake(key, reads);
    await this.#duties.get(taskKeyText(key))?.secured;
  }

  /**
   * Begins again with the configurations that were given up, in place of an instance that may be
   * responsible. Resolves when an intent of this instance names the task.
   */
  async restart(key: TaskKey): Promise<void> {
    const text = taskKeyText(key);
    const duty = this.#duties.get(text) ?? this.#begin(key, true);
    if (duty.session) duty.session.restart();
    else duty.restarts = true;
    await duty.secured;
  }

  /**
   * Sets a configuration of a task, which `store` stores; it receives the events from here on. A task
   * that has ended gets no more events. Rejects with a coded error, or as `store` does.
   */
  async setConfig(
    key: TaskKey,
    config: string,
    terms: PushTerms,
    store: () => Promise<void>,
  ): Promise<void> {
    await this.#withLog(key, async (open, author) => {
      const isKnown = open.log.state.pushes.has(config);
      const set = { kind: 'push', config, terms } as const;
      const outcome = await open.log.append(proposePush(author, set));
      if ('refused' in outcome && outcome.refused === 'fenced') throw fencedError();
      try {
        await store();
      } catch (error) {
        if (!isKnown) await open.log.append(proposePush(author, { kind: 'push', config }));
        throw error;
      }
      if (open.log.state.sealed && !isKnown) return;
      const hasFailed = isKnown && (await this.progress(key)).get(config)?.failure !== undefined;
      await (hasFailed ? this.restart(key) : this.secure(key));
      this.#duties.get(taskKeyText(key))?.session?.reload();
    });
  }

  /** Notes that a configuration was removed from its store. Rejects with a coded error. */
  async removeConfig(key: TaskKey, config: string): Promise<void> {
    await this.#withLog(key, async (open, author) => {
      await open.log.append(proposePush(author, { kind: 'push', config }));
      this.#duties.get(taskKeyText(key))?.session?.reload();
    });
  }

  /** Resolves with the progress of a task's configurations, by their ids. */
  progress(key: TaskKey): Promise<ReadonlyMap<string, PushProgress>> {
    return this.#deps.ledger.read(key);
  }

  /** Waits for no further attempt: sessions end when every receiver has its events or fails. */
  drain(): void {
    this.#isDraining = true;
    for (const { session } of this.#duties.values()) session?.wake();
  }

  /** Calls `work` under an intent, so that another instance delivers if this one is lost. */
  async #withLog(
    key: TaskKey,
    work: (open: OpenLog, author: Author) => Promise<void>,
  ): Promise<void> {
    const { logs, intents } = this.#deps;
    const row = await intents.recordPush(key);
    const open = logs.acquire(key);
    try {
      await open.log.refresh();
      await open.readWatchers();
      await work(open, intents.author(key));
    } finally {
      logs.release(open);
      void intents.removePush(row).catch(() => intents.leave(row));
    }
  }

  #begin(key: TaskKey, restarts: boolean): Duty {
    let secure = (): void => {};
    let refuse = (_: unknown): void => {};
    const secured = new Promise<void>((resolve, reject) => {
      secure = resolve;
      refuse = reject;
    });
    secured.catch(() => {});
    const text = taskKeyText(key);
    const duty: Duty = {
      session: undefined,
      secured,
      restarts,
    };
    this.#duties.set(text, duty);
    this.#fulfil(key, duty, secure).catch((error: unknown) => {
      refuse(error);
      const { logger, signal } = this.#deps;
      const fields = { ...taskFields(key), ...errorFields(error) };
      if (signal.aborted || errorCode(error) === 'draining') logger.debug('push.left', fields);
      else logger.error('push.left', fields);
    });
    return duty;
  }

  async #fulfil(key: TaskKey, duty: Duty, secured: () => void): Promise<void> {
    const { intents } = this.#deps;
    let row: Intent | undefined;
    try {
      row = await retryUntilDone('push.table', this.#deps, () => intents.recordPush(key));
      secured();
      const end = await this.#deliver(key, duty);
      if (end === 'left') intents.leave(row);
      else await intents.removePush(row);
    } catch (error) {
      this.#forget(key, duty);
      if (row) intents.leave(row);
      throw error;
    }
  }

  async #deliver(key: TaskKey, duty: Duty): Promise<'done' | 'left'> {
    const { logs } = this.#deps;
    const { open, release } = await retryUntilDone('push.table', this.#deps, () =>
      logs.follow(key),
    );
    try {
      for (;;) {
        const transport = this.#deps.transport();
        if (!transport)
          throw new BackendError('draining', 'No handler delivers push notifications.');
        const isDraining = (): boolean => this.#isDraining;
        const session = new PushSession(open, duty.restarts, {
          ...this.#deps,
          transport,
          isDraining,
        });
        duty.restarts = false;
        duty.session = session;
        const end = await session.run();
        if (end !== 'left' && session.isBehind) continue;
        // A record that is appended from now on begins another duty.
        this.#forget(key, duty);
        return end === 'left' ? 'left' : 'done';
      }
    } finally {
      release();
    }
  }

  #forget(key: TaskKey, duty: Duty): void {
    const text = taskKeyText(key);
    if (this.#duties.get(text) === duty) this.#duties.delete(text);
  }
}
