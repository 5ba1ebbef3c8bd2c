import { type Message, TaskState } from '@a2a-js/sdk';
import { eventStatus, eventTaskId, isTaskEvent, isTerminal, type TaskEvent } from '../a2a/event.ts';
import { errorCode } from '../errors.ts';
import type { Appended } from '../log/waiting-proposals.ts';
import type { Entry } from '../model/entry.ts';
import type { AppliedRecord } from '../model/fold.ts';
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
 * Why a run is to stop.
 *
 * - `cancel`: cancel was requested, the run may still say how it ends
 * - `ended`: it said its own last word; nothing more of it is taken
 * - `closed`: the log takes nothing more of it: sealed elsewhere, or its instance stops or was fenced,
 *   or it cannot be read
 */
export type StopReason = 'cancel' | 'ended' | 'closed';

export interface RunDeps {
  /** 1 for the first execution of its message. */
  readonly attempt: number;
  readonly open: OpenLog;
  readonly author: Author;
  readonly clock: Clock;
  /** Its lines name the task and the run. */
  readonly logger: Logger;
  /** Aborts when the instance stops or has died: the run is to stop, too. */
  readonly signal: AbortSignal;
  /** An event that did not enter the log. */
  readonly refused: () => void;
}

/** An event as it stands in the log. */
export interface Stored {
  readonly event: TaskEvent;
  readonly generation: number;
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
  readonly #onEvent = new Set<(event: TaskEvent, generation: number) => void>();
  readonly #halt = new AbortController();
  readonly #refusals = new Set<string>();
  #stopped: StopReason | undefined;
  #gaveUp = false;
  #disposed = false;
  #pending: Promise<unknown> = Promise.resolve();
  readonly #since: number;

  constructor(id: string, deps: RunDeps) {
    this.id = id;
    this.#deps = deps;
    this.#since = deps.clock.now();
    const { log } = deps.open;
    const unlisten = log.listen((step) => this.#onRecord(step));
    // Nobody can say here how the task ends: its intent stays for those who can read the log.
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

  /** Milliseconds since the run was made here. */
  get ageMs(): number {
    return Math.max(0, this.#deps.clock.now() - this.#since);
  }

  /** Aborts when the run is to stop for another reason than its own last word. */
  get signal(): AbortSignal {
    return this.#halt.signal;
  }

  /** False once anything that was published did not enter the log. */
  get isWhole(): boolean {
    return this.#refusals.size === 0;
  }

  /** Nobody waits for the executor any more. */
  halt(): void {
    this.#halt.abort();
  }

  /**
   * Calls back for each event of this run once it is durable, in log order, and for those that the
   * backend itself puts into the task; the events are shared: never write to them.
   */
  onEvent(listener: (event: TaskEvent, generation: number) => void): void {
    this.#onEvent.add(listener);
  }

  /** Calls back when the run is to stop; at once if it is already. */
  onStop(listener: (reason: StopReason) => void): void {
    this.#onStop.add(listener);
    if (this.#stopped) listener(this.#stopped);
  }

  /**
   * Puts an event behind those that were published before. Resolves with the event as stored once
   * it is durable, or with nothing if it did not enter the log. Never rejects.
   */
  async publish(event: TaskEvent): Promise<TaskEvent | undefined> {
    return (await this.append(event))?.event;
  }

  /** As {@link publish}; with the generation that the event got. */
  append(event: TaskEvent): Promise<Stored | undefined> {
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
    const appended = this.#recordOutcome(
      open.log.append(proposeEvent(author, this.id, encoded), bytes),
    );
    return this.#trackWork(
      appended.then((done) =>
        done && entry.kind === 'event'
          ? { event: entry.event, generation: done.generation }
          : undefined,
      ),
    );
  }

  /** The run's result without a task; nothing can follow. True once durable. Never rejects. */
  async answer(message: Message): Promise<boolean> {
    const { open, author } = this.#deps;
    if (this.#hasGivenUp()) return false;
    const encoded = this.#encodeEntry({ kind: 'answer', run: this.id, message });
    if (!encoded) return false;
    const propose = proposeAnswer(author, this.id, encoded);
    const answered = this.#recordOutcome(open.log.append(propose, encoded.bytes));
    return (await this.#trackWork(answered)) !== undefined;
  }

  /** The agent failed: FAILED, with a fixed text, unless the run is over. Never rejects. */
  async fail(text: string): Promise<void> {
    const { open, author } = this.#deps;
    await this.#trackWork(
      this.#recordOutcome(open.log.append(proposeFailure(author, this.id, text)), true),
    );
  }

  /** Everything published so far is durable, or refused. */
  async flush(): Promise<void> {
    let seen: Promise<unknown> | undefined;
    while (seen !== this.#pending) {
      seen = this.#pending;
      await seen;
    }
  }

  /**
   * Ends the run if nothing has: the last to end leaves no task behind that looks worked on, unless
   * it `leavesOpen`. Rejects only with `draining`.
   */
  async end(leavesOpen = false): Promise<void> {
    await this.flush();
    await this.#deps.open.log.append(proposeEnd(this.#deps.author, this.id, leavesOpen));
  }

  /** Logs that the run has started here, or has ended, and the task's state then. */
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

  /** The run is over, or was never started: it hears of nothing more. */
  dispose(): void {
    this.#disposed = true;
    this.#unlisten();
    this.#onStop.clear();
    this.#onEvent.clear();
  }

  /** What was appended; what was not is counted, unless that is of no importance (`quiet`). */
  async #recordOutcome(
    append: Promise<Appended>,
    quiet = false,
  ): Promise<{ readonly generation: number } | undefined> {
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

  /** What is to be appended, or nothing if it cannot be: then the run has failed. */
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

  /** An event is missing: the task must not look complete, so nothing after it may get in. */
  #giveUp(text: string): void {
    if (this.#gaveUp) return;
    this.#gaveUp = true;
    void this.fail(text);
    this.#notifyStop('closed');
  }

  /** Once the run has given up, whatever else it publishes costs nothing. */
  #hasGivenUp(): boolean {
    if (this.#gaveUp) this.#noteRefusal('given-up');
    return this.#gaveUp;
  }

  /** An executor that goes on all the same is logged once for each reason. */
  #noteRefusal(code: string): void {
    if (!this.#refusals.has(code)) {
      this.#refusals.add(code);
      this.#deps.logger.warn('run.event-refused', { code });
    }
    this.#deps.refused();
  }

  #trackWork<T>(work: Promise<T>): Promise<T> {
    // Only that they are done is kept, not what they came to.
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

  /** True if this record holds the run's own last word. */
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
    if (reason !== 'ended') this.halt();
    for (const listener of [...this.#onStop]) listener(reason);
  }
}

/** Returns true if the event speaks of another task; what is no event is refused as such. */
function isOfAnother(event: TaskEvent, taskId: string): boolean {
  try {
    return isTaskEvent(event) && eventTaskId(event) !== taskId;
  } catch {
    return false;
  }
}
