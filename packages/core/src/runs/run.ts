import { type Message, TaskState } from '@a2a-js/sdk';
import {
  eventStatus,
  eventTaskId,
  isInterrupted,
  isTaskEvent,
  isTerminal,
  type TaskEvent,
} from '../a2a/event.ts';
import { errorCode } from '../errors.ts';
import type { Appended } from '../log/waiting-proposals.ts';
import type { Entry } from '../model/entry.ts';
import type { AppliedRecord } from '../model/fold.ts';
import type { Generation } from '../model/generation.ts';
import {
  type Author,
  proposeAnswer,
  proposeEnd,
  proposeEvent,
  proposeFailure,
} from '../model/proposal.ts';
import { type EncodedEntry, encode } from '../model/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { OpenLog } from '../reading/open-log.ts';

/**
 * Why a run must stop.
 *
 * - `cancel`: a cancel was requested; the run may still publish its final event
 * - `ended`: the run published its own final event; later events are refused
 * - `closed`: the log accepts no more events of the run: it was sealed elsewhere, its instance stops or was
 *   fenced, or the log cannot be read
 */
export type StopReason = 'cancel' | 'ended' | 'closed';

export interface RunDeps {
  /** 1 for the first execution of its message. */
  readonly attempt: number;
  readonly open: OpenLog;
  readonly author: Author;
  readonly clock: Clock;
  /** Adds the task and the run to each line. */
  readonly logger: Logger;
  /** Aborts when the instance stops or has died. The run must then stop, too. */
  readonly signal: AbortSignal;
  /** Called for each event that did not enter the log. */
  readonly refused: () => void;
}

/** An event as stored in the log. */
export interface Stored {
  readonly event: TaskEvent;
  readonly generation: Generation;
}

const INVALID = 'The agent published an event that cannot be stored.';
const TOO_LARGE = 'The agent published an event that is too large.';
const BACKLOG = 'The agent publishes faster than can be stored.';

/** One execution of the agent, on the side that appends. */
export class Run {
  readonly id: string;
  readonly #deps: RunDeps;
  readonly #unlisten: () => void;
  readonly #onStop = new Set<(reason: StopReason) => void>();
  readonly #onEvent = new Set<(event: TaskEvent, generation: Generation) => void>();
  readonly #halt = new AbortController();
  readonly #refusals = new Set<string>();
  #stopped: StopReason | undefined;
  #gaveUp = false;
  #disposed = false;
  #hasPublished = false;
  #pending: Promise<unknown> = Promise.resolve();
  readonly #since: number;

  constructor(id: string, deps: RunDeps) {
    this.id = id;
    this.#deps = deps;
    this.#since = deps.clock.now();
    const { log } = deps.open;
    const unlisten = log.listen((step) => this.#onRecord(step));
    // This instance cannot decide how the task ends: the intent stays for one that can read the log.
    const unlistenFaults = log.listenFaults(() => this.#notifyStop('closed'));
    const aborted = (): void => this.#notifyStop('closed');
    deps.signal.addEventListener('abort', aborted, { once: true });
    this.#unlisten = () => {
      unlisten();
      unlistenFaults();
      deps.signal.removeEventListener('abort', aborted);
    };
  }

  get open(): OpenLog {
    return this.#deps.open;
  }

  get attempt(): number {
    return this.#deps.attempt;
  }

  /** Milliseconds since the run was created here. */
  get ageMs(): number {
    return Math.max(0, this.#deps.clock.now() - this.#since);
  }

  /** Aborts when the run must stop for another reason than its own final event. */
  get signal(): AbortSignal {
    return this.#halt.signal;
  }

  /** False once a published event did not enter the log. */
  get isWhole(): boolean {
    return this.#refusals.size === 0;
  }

  /** Aborts {@link signal}: no caller waits for the executor any more. */
  halt(): void {
    this.#halt.abort();
  }

  /**
   * Calls back in log order for each durable event of this run, and for events that the backend itself
   * adds to the task. The events are shared, so a listener must not change them.
   */
  onEvent(listener: (event: TaskEvent, generation: Generation) => void): void {
    this.#onEvent.add(listener);
  }

  /** Calls back when the run must stop; at once if it must already. */
  onStop(listener: (reason: StopReason) => void): void {
    this.#onStop.add(listener);
    if (this.#stopped) listener(this.#stopped);
  }

  /**
   * Appends an event after those that were published before. An event that only shows progress may
   * wait for others to share their record, unless it is the first one. Resolves with the stored event
   * once it is durable, or with `undefined` if it did not enter the log. Never rejects.
   */
  async publish(event: TaskEvent): Promise<TaskEvent | undefined> {
    return (await this.#append(event, this.#hasPublished))?.event;
  }

  /** Publishes at once, and also returns the generation of the event. */
  append(event: TaskEvent): Promise<Stored | undefined> {
    return this.#append(event, false);
  }

  #append(event: TaskEvent, mayWait: boolean): Promise<Stored | undefined> {
    const { open, author } = this.#deps;
    if (isOfAnother(event, author.taskId)) {
      // It may be another owner's task: such an event must not reach any log.
      this.#noteRefusal('other-task');
      return Promise.resolve(undefined);
    }
    if (this.#hasGivenUp()) return Promise.resolve(undefined);
    const encoded = this.#encodeEntry({ kind: 'event', run: this.id, event });
    if (!encoded) return Promise.resolve(undefined);
    const { entry, bytes } = encoded;
    this.#hasPublished = true;
    const waits = mayWait && entry.kind === 'event' && isProgress(entry.event);
    const appended = this.#recordOutcome(
      open.log.append(proposeEvent(author, this.id, encoded), bytes, waits),
    );
    return this.#trackWork(
      appended.then((done) =>
        done && entry.kind === 'event'
          ? { event: entry.event, generation: done.generation }
          : undefined,
      ),
    );
  }

  /** Appends a Message as the run's result; no event can follow. Returns true once durable. Never rejects. */
  async answer(message: Message): Promise<boolean> {
    const { open, author } = this.#deps;
    if (this.#hasGivenUp()) return false;
    const encoded = this.#encodeEntry({ kind: 'answer', run: this.id, message });
    if (!encoded) return false;
    const propose = proposeAnswer(author, this.id, encoded);
    const answered = this.#recordOutcome(open.log.append(propose, encoded.bytes));
    return (await this.#trackWork(answered)) !== undefined;
  }

  /** Appends FAILED with a fixed text, unless the run is over. Never rejects. */
  async fail(text: string): Promise<void> {
    const { open, author } = this.#deps;
    await this.#trackWork(
      this.#recordOutcome(open.log.append(proposeFailure(author, this.id, text)), true),
    );
  }

  /** Resolves when all events published so far are durable or refused. */
  async flush(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#pending) {
      seen = this.#pending;
      this.#deps.open.log.flush();
      await seen;
    }
  }

  /**
   * Ends the run unless it has ended. The last run to end also ends a task that still looks active,
   * unless `leavesOpen` is true. Rejects only with `draining`.
   */
  async end(leavesOpen = false): Promise<void> {
    await this.flush();
    await this.#deps.open.log.append(proposeEnd(this.#deps.author, this.id, leavesOpen));
  }

  /** Logs that the run has started or ended here, and at its end the task's state. */
  report(event: 'run.started' | 'run.ended'): void {
    const { attempt, logger, open } = this.#deps;
    const state = open.log.state.status?.state;
    logger.info(event, {
      attempt,
      ...(event === 'run.ended' && {
        state: state === undefined ? undefined : TaskState[state],
        durationMs: this.ageMs,
        stopped: this.#stopped,
      }),
    });
  }

  /** Removes all listeners, when the run is over or was never started. */
  dispose(): void {
    this.#disposed = true;
    this.#unlisten();
    this.#onStop.clear();
    this.#onEvent.clear();
  }

  /** Returns the outcome of an append. Counts an event that was not appended, unless `quiet`. */
  async #recordOutcome(
    append: Promise<Appended>,
    quiet = false,
  ): Promise<{ readonly generation: Generation } | undefined> {
    try {
      const outcome = await append;
      if ('appended' in outcome) return outcome;
      if (!quiet) this.#noteRefusal(outcome.refused);
    } catch (error) {
      const code = errorCode(error);
      this.#noteRefusal(code);
      if (code === 'event-too-large') this.#giveUp(TOO_LARGE);
    }
    return undefined;
  }

  /** Returns the encoded entry. If it cannot be appended, fails the run and returns `undefined`. */
  #encodeEntry(entry: Entry): EncodedEntry | undefined {
    try {
      const encoded = encode(entry);
      if (this.#deps.open.log.hasRoomFor(encoded.bytes)) return encoded;
      this.#noteRefusal('backlog-full');
      this.#giveUp(BACKLOG);
    } catch (error) {
      this.#noteRefusal(errorCode(error));
      this.#giveUp(errorCode(error) === 'event-too-large' ? TOO_LARGE : INVALID);
    }
    return undefined;
  }

  /** Fails the run after a lost event: a task must not look complete without it. */
  #giveUp(text: string): void {
    if (this.#gaveUp) return;
    this.#gaveUp = true;
    void this.fail(text);
    this.#notifyStop('closed');
  }

  /** Returns true if the run has given up. Its later events cost nothing. */
  #hasGivenUp(): boolean {
    if (this.#gaveUp) this.#noteRefusal('given-up');
    return this.#gaveUp;
  }

  /** Counts a refused event, and logs the first one for each reason. */
  #noteRefusal(code: string): void {
    if (!this.#refusals.has(code)) {
      this.#refusals.add(code);
      this.#deps.logger.warn('run.event-refused', { code });
    }
    this.#deps.refused();
  }

  #trackWork<T>(work: Promise<T>): Promise<T> {
    // Keeps only the completion, not the results.
    this.#pending = Promise.all([this.#pending, work]).then(() => {});
    return work;
  }

  #onRecord(step: AppliedRecord): void {
    const state = step.state.runs.get(this.id);
    if (!state) return;
    this.#notifyEvents(step);
    if (state.phase !== 'open') this.#notifyStop(this.#hasLastWord(step) ? 'ended' : 'closed');
    else if (step.state.cancelRequested) this.#notifyStop('cancel');
  }

  #notifyEvents({ record, deliveries }: AppliedRecord): void {
    const events = record.entries.filter((entry) => entry.kind === 'event');
    for (const [at, { run }] of events.entries()) {
      const delivery = deliveries[at];
      if (!delivery || (run !== undefined && run !== this.id)) continue;
      for (const listener of [...this.#onEvent]) listener(delivery.event, delivery.generation);
    }
  }

  /** Returns true if this record contains the run's own final event. */
  #hasLastWord(step: AppliedRecord): boolean {
    return step.record.entries.some((entry) => {
      if (entry.kind === 'answer' || entry.kind === 'end') return entry.run === this.id;
      if (entry.kind !== 'event') return false;
      return entry.run === this.id && isTerminal(eventStatus(entry.event)?.state);
    });
  }

  #notifyStop(reason: StopReason): void {
    const isOver = this.#stopped === 'closed' || this.#stopped === 'ended';
    if (isOver || this.#stopped === reason || this.#disposed) return;
    this.#stopped = reason;
    // The canceller waits for the run, and events of a run that is over cannot share a record.
    this.#deps.open.log.flush();
    if (reason !== 'ended') this.halt();
    for (const listener of [...this.#onStop]) listener(reason);
  }
}

/** Returns true unless the event ends its task, or asks the client for something. */
function isProgress(event: TaskEvent): boolean {
  const state = eventStatus(event)?.state;
  return !isTerminal(state) && !isInterrupted(state);
}

/** Returns true if the event belongs to another task. A value that is no event is refused later. */
function isOfAnother(event: TaskEvent, taskId: string): boolean {
  try {
    return isTaskEvent(event) && eventTaskId(event) !== taskId;
  } catch {
    return false;
  }
}
