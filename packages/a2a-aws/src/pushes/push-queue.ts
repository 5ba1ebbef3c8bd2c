import type { Generation } from '@a2a-aws/core';
import { BackendError, type Clock, type LogFields, type Logger } from '@a2a-aws/core';
import {
  type Backlog,
  deepCopy,
  elapsed,
  errorFields,
  eventStatus,
  isInterrupted,
  isTerminal,
  type TaskLog,
  taskFields,
} from '@a2a-aws/core/internal';
import type { StreamResponse, Task } from '@a2a-js/sdk';
import type {
  AgentExecutionEvent,
  PushNotificationSender,
  PushNotificationStore,
  ServerCallContext,
} from '@a2a-js/sdk/server';
import { UserCodeError } from '../user-code/guarded.ts';
import type { UserErrors } from '../user-code/user-errors.ts';
import { lazyTask } from './lazy-task.ts';

/** How long a look-up of a task's configs is valid for chunks of artifacts, in milliseconds. */
const CHUNKS_LOOKUP_MS = 1_000;

export interface PushDeps {
  readonly sender: PushNotificationSender;
  /** The store that shows whether a task has configs. Without it, the sender gets every event. */
  readonly store: Pick<PushNotificationStore, 'load'> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly errors: UserErrors;
}

/** The log of the task whose events are pushed. */
type PushedLog = Pick<TaskLog, 'key' | 'state' | 'task'>;

interface WaitingPush {
  readonly event: AgentExecutionEvent;
  readonly context: ServerCallContext;
  /** Its place in the log; `undefined` for an answer, which is not an event. */
  readonly generation: Generation | undefined;
  /** 1 for the first event of the queue. */
  readonly place: number;
  readonly bytes: number;
  /** When it was added, by this instance's clock, in milliseconds. */
  readonly at: number;
}

interface Lookup {
  /** The events up to this one were there when it began. */
  readonly place: number;
  readonly at: number;
  readonly found: { readonly configs: boolean } | { readonly fault: unknown };
}

/** Has the line move, later than now, until the signal aborts. */
type Move = (move: (signal: AbortSignal) => Promise<void>) => void;

/**
 * The events of one task that wait to be pushed, one after another, so that waiting events need no copy of
 * the task. Pushes delay no other work. Events for which a slow receiver leaves no room are dropped,
 * except those with which the task waits for input or ends.
 */
export class PushQueue {
  readonly #log: PushedLog;
  readonly #backlog: Backlog;
  readonly #turn: Move;
  readonly #deps: PushDeps;
  #waiting: WaitingPush[] = [];
  #dropped = 0;
  #added = 0;
  #lookup: Lookup | undefined;
  /** Lookup-ups that began before this place are out of date. */
  #staleBefore = 0;
  #isMoving = false;
  /** True if the last events were not pushed. */
  #isFailing = false;

  constructor(log: PushedLog, backlog: Backlog, turn: Move, deps: PushDeps) {
    this.#log = log;
    this.#backlog = backlog;
    this.#turn = turn;
    this.#deps = deps;
  }

  /** Every open run reports a record's events in order, including the backend's own, so an event may arrive again. */
  add(event: AgentExecutionEvent, context: ServerCallContext, generation?: Generation): void {
    const at = this.#placeOf(generation);
    if (at === undefined) return;
    const bytes = JSON.stringify(event.data).length;
    if (isPassing(event) && !this.#backlog.hasRoomFor(bytes)) {
      this.#dropped += 1;
      return;
    }
    this.#backlog.add(bytes);
    this.#added += 1;
    const { clock } = this.#deps;
    const place = this.#added;
    const one = { event, context, generation, place, bytes, at: clock.now() };
    this.#waiting.splice(at, 0, one);
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#turn((signal) => this.#move(signal));
  }

  /** Re-reads the configs before the next push: a message may have added one. */
  forget(): void {
    this.#added += 1;
    this.#staleBefore = this.#added;
  }

  /** Returns the place of an event among the waiting ones, or `undefined` if it is there already. */
  #placeOf(generation: Generation | undefined): number | undefined {
    let at = this.#waiting.length;
    if (generation === undefined) return at;
    for (; at > 0; at -= 1) {
      const before = this.#waiting[at - 1]?.generation;
      if (before === generation) return undefined;
      if (before === undefined || before < generation) break;
    }
    return at;
  }

  async #move(signal: AbortSignal): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#pushAll(this.#waiting.splice(0), signal);
    } finally {
      this.#isMoving = false;
    }
  }

  async #pushAll(waiting: WaitingPush[], signal: AbortSignal): Promise<void> {
    const failed = new Map<string, { events: number; about: LogFields }>();
    let sent = 0;
    // From the end, so that pushed events are not retained.
    waiting.reverse();
    for (let one = waiting.pop(); one; one = waiting.pop()) {
      try {
        if (signal.aborted) throw new BackendError('draining', 'This instance has stopped.');
        if (await this.#isWanted(one)) {
          await this.#send(one);
          sent += 1;
        }
      } catch (error) {
        const about = this.#describe(error);
        const { code, error: name } = about;
        const kind = `${code} ${name}`;
        failed.set(kind, { events: (failed.get(kind)?.events ?? 0) + 1, about });
      }
      this.#backlog.remove(one.bytes);
    }
    // A task without configs misses no push.
    if (this.#dropped > 0 && !this.#isUnasked) {
      failed.set('dropped', { events: this.#dropped, about: { code: 'backlog-full' } });
    }
    this.#dropped = 0;
    for (const { events, about } of failed.values()) {
      this.#deps.logger.warn('push.failed', { ...taskFields(this.#log.key), ...about, events });
    }
    if (failed.size > 0) this.#isFailing = true;
    else if (sent > 0 && this.#isFailing) {
      this.#isFailing = false;
      this.#deps.logger.info('push.recovered', taskFields(this.#log.key));
    }
  }

  #describe(error: unknown): LogFields {
    if (!(error instanceof UserCodeError)) return errorFields(error);
    const { source, thrown } = error;
    const { errors } = this.#deps;
    const isTaken = errors.handOver(thrown, { source, taskId: this.#log.key.taskId });
    return { code: 'unexpected', source, ...(isTaken ? {} : errors.describe(thrown)) };
  }

  #send({ event, context }: WaitingPush): Promise<void> {
    const payload = { $case: event.kind, value: deepCopy(event.data) };
    const task = this.#log.state.hasTask ? lazyTask(() => this.#log.task() as Task) : undefined;
    return this.#deps.sender.send({ payload } as StreamResponse, context, task);
  }

  async #isWanted(one: WaitingPush): Promise<boolean> {
    const { store } = this.#deps;
    if (!store) return true;
    if (!this.#covers(one)) this.#lookup = await this.#readConfigs(one, store);
    const { found } = this.#lookup as Lookup;
    if ('fault' in found) throw found.fault;
    return found.configs;
  }

  /** As far as is known, the task has no config. */
  get #isUnasked(): boolean {
    return (
      this.#lookup !== undefined && 'configs' in this.#lookup.found && !this.#lookup.found.configs
    );
  }

  /** A status must reach every config that was set before it. Chunks, of which there are many, need not. */
  #covers(one: WaitingPush): boolean {
    if (!this.#lookup) return false;
    const { place, at, found } = this.#lookup;
    if (one.place <= place) return true;
    const isFresh = place >= this.#staleBefore && elapsed(at, one.at) < CHUNKS_LOOKUP_MS;
    return isFresh && one.event.kind === 'artifactUpdate' && 'configs' in found;
  }

  async #readConfigs(
    { context }: WaitingPush,
    store: Pick<PushNotificationStore, 'load'>,
  ): Promise<Lookup> {
    const began = { place: this.#added, at: this.#deps.clock.now() };
    try {
      const configs = await store.load(this.#log.key.taskId, context);
      return { ...began, found: { configs: configs.length > 0 } };
    } catch (fault) {
      return { ...began, found: { fault } };
    }
  }
}

/** True for an event that more events follow. */
function isPassing(event: AgentExecutionEvent): boolean {
  if (event.kind === 'message') return false;
  const state = eventStatus(event)?.state;
  return !isInterrupted(state) && !isTerminal(state);
}
