import { BackendError, errorCode, fencedError } from '../errors.ts';
import { errorFields } from '../logging/error-fields.ts';
import { taskFields } from '../logging/task-fields.ts';
import type { PushTerms } from '../model/entry.ts';
import { type Author, proposePush } from '../model/proposal.ts';
import type { PushStart } from '../model/state.ts';
import { sleep } from '../ports/clock.ts';
import type { Intent } from '../ports/instance-registry.ts';
import type { PushProgress } from '../ports/push-ledger.ts';
import type { OpenLog } from '../reading/open-log.ts';
import type { OpenLogs } from '../reading/open-logs.ts';
import { retryUntilDone } from '../retry.ts';
import type { Intents } from '../runs/intents.ts';
import { type TaskKey, taskKeyText } from '../task-key.ts';
import { REMOVED } from './push-lanes.ts';
import { PushSession, type PushSessionDeps } from './push-session.ts';
import type { PushTransport } from './push-transport.ts';
import { takeClaim } from './take-claim.ts';

export interface PushDispatcherDeps extends Omit<PushSessionDeps, 'transport' | 'isDraining'> {
  readonly logs: OpenLogs;
  readonly intents: Pick<Intents, 'author' | 'recordPush' | 'removePush' | 'leave'>;
  /** Returns the transport of this process, if it delivers push notifications. */
  readonly transport: () => PushTransport | undefined;
}

/** The time between two questions to the instance that delivers instead, in milliseconds. */
const ASK_MS = 1_000;
/** How long a duty rests after a fault that no repetition overcomes, in milliseconds. */
const FAULT_MS = 60_000;

/** The work on one task: it may consist of several sessions, one after another. */
interface Duty {
  session: PushSession | undefined;
  /** Resolves when an intent of this instance names the task, or no event waits. */
  readonly secured: Promise<void>;
  restarts: boolean;
  /** The log has a record that this instance may lack. */
  mustRead: boolean;
  /** Ends a pause of the duty. */
  cutPause: () => void;
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
  /** The intents that were left to other instances, by task. */
  readonly #left = new Map<string, Intent>();
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
    const duty = this.#duties.get(taskKeyText(key));
    if (!duty) this.#begin(key, false);
    else if (duty.session) duty.session.wake(reads);
    else if (reads) duty.mustRead = true;
  }

  /** Tries again to deliver what was left to other instances: this process has another transport now. */
  retryLeft(): void {
    for (const { key } of this.#left.values()) this.wake(key, true);
  }

  /**
   * Resolves when an intent of this instance, or the claim of another live one, covers the delivery
   * of all events of the task so far. Rejects if the instance stops before.
   */
  async secure(key: TaskKey, reads = false): Promise<void> {
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
    duty.cutPause();
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
      // The entry has the receivers looked up again, so the new one must be stored by then.
      if (isKnown) await store();
      const outcome = await open.log.append(proposePush(author, set));
      if ('refused' in outcome && outcome.refused === 'fenced') throw fencedError();
      if (!isKnown) {
        try {
          await store();
        } catch (error) {
          await open.log.append(proposePush(author, { kind: 'push', config }));
          throw error;
        }
        // The task had ended before.
        if ('refused' in outcome) return;
      }
      if (isKnown) await this.restartIfFailed(key, config);
      // Another instance may have been asked before the configuration was stored.
      await this.secure(key, true);
      this.#duties.get(taskKeyText(key))?.session?.reload();
    });
  }

  /** Notes that a configuration was removed from its store. Rejects with a coded error. */
  async removeConfig(key: TaskKey, config: string): Promise<void> {
    await this.#withLog(key, async (open, author) => {
      await open.log.append(proposePush(author, { kind: 'push', config }));
      const { sealed, pushes } = open.log.state;
      const start = pushes.get(config);
      if (sealed && start) await this.#markRemoved(key, config, start);
      this.#duties.get(taskKeyText(key))?.session?.reload();
    });
  }

  /** Begins again with the configurations of a task, if this one was given up. */
  async restartIfFailed(key: TaskKey, config: string): Promise<void> {
    const { failure } = (await this.progress(key)).get(config) ?? {};
    if (failure !== undefined && failure !== REMOVED) await this.restart(key);
  }

  /** Resolves with the progress of a task's configurations, by their ids. */
  progress(key: TaskKey): Promise<ReadonlyMap<string, PushProgress>> {
    return this.#deps.ledger.read(key);
  }

  /** Waits for no further attempt: sessions end when every receiver has its events or fails. */
  drain(): void {
    this.#isDraining = true;
    for (const { session, cutPause } of this.#duties.values()) {
      session?.wake();
      cutPause();
    }
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
      mustRead: false,
      cutPause: () => {},
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
    const { intents, signal } = this.#deps;
    const text = taskKeyText(key);
    let row = this.#left.get(text);
    try {
      row ??= await retryUntilDone('push.table', this.#deps, () => intents.recordPush(key));
      secured();
      const end = this.isAble ? await this.#deliver(key, duty) : this.#leaveDuty(key, duty);
      if (end === 'left') this.#leave(text, row);
      else {
        this.#left.delete(text);
        await intents.removePush(row);
      }
    } catch (error) {
      if (row) this.#leave(text, row);
      // A fault of the table or of a stored row: not for each event again.
      if (row && !signal.aborted)
        void this.#pause(duty, FAULT_MS).then(() => this.#again(key, duty));
      else this.#forget(key, duty);
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
        duty.mustRead = false;
        duty.session = session;
        const end = await session.run();
        duty.session = undefined;
        duty.restarts ||= session.mustRestart;
        // Another instance is not asked, and a receiver is not looked up, again for each record.
        if (end !== 'done' && !duty.restarts && !this.#isDraining) await this.#pause(duty, ASK_MS);
        const isBehind = duty.restarts || duty.mustRead || session.isBehind;
        const mustEnd = end === 'left' && (this.#isDraining || this.#deps.signal.aborted);
        if (isBehind && !mustEnd) continue;
        // A record that is appended from now on begins another duty.
        this.#forget(key, duty);
        return end === 'left' ? 'left' : 'done';
      }
    } finally {
      release();
    }
  }

  /** Ends a duty that this process cannot fulfil. */
  #leaveDuty(key: TaskKey, duty: Duty): 'left' {
    this.#forget(key, duty);
    return 'left';
  }

  #leave(text: string, row: Intent): void {
    this.#left.set(text, row);
    this.#deps.intents.leave(row);
  }

  #again(key: TaskKey, duty: Duty): void {
    this.#forget(key, duty);
    if (!this.#deps.signal.aborted && !this.#isDraining) this.wake(key);
  }

  async #pause(duty: Duty, ms: number): Promise<void> {
    const { clock, signal } = this.#deps;
    const end = new AbortController();
    const cut = (): void => end.abort();
    duty.cutPause = cut;
    // `AbortSignal.any` would leave something behind in the long-lived signal.
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) cut();
    await sleep(clock, ms, end.signal);
    signal.removeEventListener('abort', cut);
  }

  /** Notes that a configuration of a task that has ended receives nothing more, even if it is set again. */
  async #markRemoved(key: TaskKey, config: string, { since }: PushStart): Promise<void> {
    const { ledger, clock } = this.#deps;
    const taken = await takeClaim(key, () => true, this.#deps);
    if (!taken) return;
    const { claim } = taken;
    const { place } = taken.pushes.get(config) ?? { place: { slot: since, entry: 0 } };
    const pushes = new Map(taken.pushes).set(config, { place, failure: REMOVED });
    const released = await ledger.release(key, claim, pushes, clock.now());
    if (typeof released === 'string') return;
    await ledger.release(key, claim, pushes, clock.now(), released.asked);
  }

  #forget(key: TaskKey, duty: Duty): void {
    const text = taskKeyText(key);
    if (this.#duties.get(text) === duty) this.#duties.delete(text);
  }
}
